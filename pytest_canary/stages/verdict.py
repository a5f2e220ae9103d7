"""The verdict: canary against baseline, at the same moments, under the same load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context import expect, expectations, judging
from pytest_canary.context.outcomes import VerdictOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import NotApplicable, ReleaseError
from pytest_canary.stages.conditions import judges

if TYPE_CHECKING:
    from pytest_canary.context.context import Context

STAGE = Stage("verdict", existing_context, rolls_back=True, on_trial=True)


@STAGE.enter()
def judge(context: Context) -> None:
    outcome = VerdictOutcome(None)
    if context.plan.judges:
        try:
            outcome = VerdictOutcome(judging.judge(context))
            if absent := judging.absence(context):
                context.journal.note("verdict", absent)
        except NotApplicable as reason:
            outcome = VerdictOutcome(None, str(reason))
    context.journal.keep(outcome)


@STAGE.holds("canary and baseline are compared under the same load", when=judges)
def are_compared(context: Context) -> None:
    outcome = context.journal.outcome(VerdictOutcome)
    if outcome.absent:
        raise NotApplicable(outcome.absent)
    if outcome.verdict is None:
        raise ReleaseError(
            "the canary was not compared with the baseline, so nobody knows whether it is worse; "
            "see that both still run, and that the traffic asks both"
        )


@STAGE.holds("the verdict is go", when=judges)
def is_go(context: Context) -> None:
    outcome = context.journal.outcome(VerdictOutcome)
    verdict = outcome.verdict
    if outcome.absent:
        raise NotApplicable(outcome.absent)
    if verdict is None:
        raise ReleaseError("there is no verdict, which is no go; see the check before")
    context.journal.note("verdict", verdict.text)
    expectations.expect_no_findings([verdict.finding] if verdict.finding else [])


@STAGE.holds("the baseline's requests are all answered meanwhile", when=judges)
def baseline_is_not_harmed(context: Context) -> None:
    expect.no_lost_request(context, "verdict")
