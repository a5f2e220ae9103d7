"""Pods that come and go."""

import pytest
from fakes.observed import compared, observed

from pytest_canary.analysis.metrics.readiness import READINESS


@pytest.mark.parametrize(
    ("baseline", "canary", "answer"),
    [
        (0, 0, "go"),
        (0, 1, "go"),
        (0, 2, "inconclusive"),
        (0, 18, "inconclusive"),
        (5, 6, "go"),
        (5, 7, "inconclusive"),
        (9, 0, "go"),
    ],
)
def test_readiness(baseline: int, canary: int, answer: str) -> None:
    found = compared(READINESS, observed(unready=baseline), observed(unready=canary))
    assert (found.answer, found.p, found.effect) == (answer, None, canary - baseline)


def test_a_pod_that_stays_away_needs_to_go_but_once() -> None:
    found = compared(READINESS, observed(), observed(unready=1, away=1))
    assert found.answer == "inconclusive"
    assert found.sentence == (
        "the canary's pods lost readiness once in the window, the baseline's not at all; "
        "1 pod of the canary did not get it back"
    )
    both = compared(READINESS, observed(unready=1, away=1), observed(unready=1, away=1))
    assert both.answer == "go"
    few = compared(READINESS, observed(away=1, pods=5), observed(unready=1, away=1))
    assert few.answer == "inconclusive"


def test_readiness_is_told() -> None:
    assert compared(READINESS, observed(), observed(unready=18)).sentence == (
        "the canary's pods lost readiness 18 times in the window, the baseline's not at all"
    )
    assert compared(READINESS, observed(unready=1), observed(unready=2)).sentence == (
        "the canary's pods lost readiness 2 times in the window, the baseline's once"
    )
