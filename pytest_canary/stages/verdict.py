"""The verdict: canary against baseline, at the same moments, under the same load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context import expect, expect_outcomes, expectations, judging, updating
from pytest_canary.context.outcomes import VerdictOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import NotApplicable, ReleaseError
from pytest_canary.manifests.version import STABLE
from pytest_canary.stages.conditions import (
    judges,
    judges_canary,
    judges_update,
    tells_updated_versions,
    updates,
)

if TYPE_CHECKING:
    from pytest_canary.context.context import Context

STAGE = Stage("verdict", existing_context, rolls_back=True, on_trial=True)


@STAGE.enter()
def judge(context: Context) -> None:
    outcome = VerdictOutcome(None)
    if not context.plan.has_canary:
        updating.update_once(context)
    if context.plan.judges:
        judged = judging.judge if context.plan.has_canary else judging.judge_update
        try:
            outcome = VerdictOutcome(judged(context))
            if absent := judging.absence(context):
                context.journal.note("verdict", absent)
        except NotApplicable as reason:
            outcome = VerdictOutcome(None, str(reason))
    context.journal.keep(outcome)


@STAGE.holds("{stable}/{stable} pods are ready, and of the candidate", when=updates)
def candidate_is_ready(context: Context) -> None:
    expect.replicas(context, STABLE, context.settings.replicas.stable)


@STAGE.holds("candidate and baseline answer as different versions", when=tells_updated_versions)
def versions_differ(context: Context) -> None:
    if not context.journal.tells_versions:
        raise NotApplicable(context.journal.untold)
    expectations.expect_distinct(context.journal.versions)


@STAGE.holds("canary and baseline are compared under the same load", when=judges_canary)
def canary_is_compared(context: Context) -> None:
    expect_compared(context)


@STAGE.holds("the candidate is compared with the baseline before it", when=judges_update)
def update_is_compared(context: Context) -> None:
    expect_compared(context)


def expect_compared(context: Context) -> None:
    """There is a verdict, whatever it says.

    Raises:
        NotApplicable: nobody could tell the two apart.
        ReleaseError: there is none.
    """
    outcome = context.journal.outcome(VerdictOutcome)
    if outcome.absent:
        raise NotApplicable(outcome.absent)
    if outcome.verdict is None:
        who = "canary" if context.plan.has_canary else "candidate"
        raise ReleaseError(
            f"the {who} was not compared with the baseline, so nobody knows whether it is worse; "
            "see that both still run, and that the traffic asks both"
        )


@STAGE.holds("the verdict is go", when=judges)
def verdict_is_go(context: Context) -> None:
    context.journal.note("verdict", expect_outcomes.verdict(context).text)
    expect_outcomes.go(context)


@STAGE.holds("the baseline's requests are all answered meanwhile", when=judges_canary)
def baseline_is_not_harmed(context: Context) -> None:
    expect.no_lost_request(context, "verdict")


@STAGE.holds("no request is lost while the candidate takes over", when=judges_update)
def no_request_is_lost(context: Context) -> None:
    context.journal.note("verdict", expect.no_lost_request(context, "verdict"))
