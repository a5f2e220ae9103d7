"""Restarts, which are counted and not proven."""

import pytest
from fakes.observed import compared, observed

from pytest_canary.analysis.metrics.restarts import RESTARTS


@pytest.mark.parametrize(
    ("baseline", "canary", "answer"),
    [
        (0, 0, "go"),
        (0, 1, "no-go"),
        (3, 0, "go"),
        (1, 2, "inconclusive"),
        (None, 0, "inconclusive"),
        (0, None, "inconclusive"),
    ],
)
def test_restarts(baseline: int | None, canary: int | None, answer: str) -> None:
    found = compared(RESTARTS, observed(restarts=baseline), observed(restarts=canary))
    assert (found.answer, found.p) == (answer, None)


def test_restarts_are_told() -> None:
    assert compared(RESTARTS, observed(), observed(restarts=2)).sentence == (
        "the canary's containers restarted 2 times in the window, the baseline's not at all"
    )
    ended = "was killed, as it held more memory than it may (OOMKilled)"
    told = compared(RESTARTS, observed(restarts=1), observed(restarts=1, ended=ended)).sentence
    assert told == (
        f"the canary's containers restarted once in the window, the baseline's once; one of the "
        f"canary's {ended}"
    )
    assert compared(RESTARTS, observed(), observed(restarts=None)).sentence == (
        "nobody counted the containers' restarts"
    )
