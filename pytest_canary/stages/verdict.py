"""The verdict: canary against stable, in the same window, under the same load."""

from __future__ import annotations

from pytest_canary.config.plan import Plan
from pytest_canary.context import expectations
from pytest_canary.core.errors import ReleaseError
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import Suite

SUITE = Suite()


def judges(plan: Plan) -> bool:
    """Applies where there is a baseline to compare with, traffic, and a header to tell them."""
    return plan.judges


@SUITE.holds("canary and baseline are compared under the same load", when=judges)
def are_compared(walk: Walk) -> None:
    walk.enter("verdict")
    if walk.memory.verdict is None:
        raise ReleaseError(
            "the canary was not compared with the baseline, so nobody knows whether it is worse; "
            "see that both still run, and that the traffic asks both"
        )


@SUITE.holds("the verdict is go", when=judges)
def is_go(walk: Walk) -> None:
    verdict = walk.memory.verdict
    if verdict is None:
        raise ReleaseError("there is no verdict, which is no go; see the check before")
    walk.note("verdict", verdict.text)
    expectations.known([verdict.finding] if verdict.finding else [])


@SUITE.holds("the baseline's requests are all answered meanwhile", when=judges)
def baseline_is_not_harmed(walk: Walk) -> None:
    walk.no_request_is_lost("verdict")
