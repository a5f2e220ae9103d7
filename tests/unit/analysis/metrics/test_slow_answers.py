"""Answers that hang, and that latencies take some answers."""

import pytest
from fakes.observed import around, compared, timed

from pytest_canary.analysis.metrics.latency import LATENCY
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.metrics.slow_answers import SLOW_ANSWERS


@pytest.mark.parametrize("metric", [LATENCY, SLOW_ANSWERS])
@pytest.mark.parametrize(
    ("canary", "baseline", "who"),
    [(19, 100, "canary has 19"), (100, 5, "baseline has 5"), (0, 0, "canary has 0")],
)
def test_latencies_take_some_answers(metric: Metric, canary: int, baseline: int, who: str) -> None:
    found = compared(metric, timed([0.1] * baseline), timed([0.1] * canary))
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == f"the {who} answers that are no error; latencies take 20"


def test_some_answers_that_hang_are_found_though_the_median_says_nothing() -> None:
    usual, hanging = timed(around(0.1, 600, 11)), around(0.1, 300, 12)
    hanging[::10] = [1.0] * 30
    assert compared(LATENCY, usual, timed(hanging)).answer == "go"
    found = compared(SLOW_ANSWERS, usual, timed(hanging))
    assert found.answer == "no-go"
    assert found.sentence == (
        "10.3 % of the canary's answers take more than 324 ms, 0.0 % of the baseline's; "
        "it is 7.31 to 14.3 points more, and 3 points is too much"
    )


def test_answers_that_hang_for_both_versions_stop_nobody() -> None:
    usual, canary = around(0.1, 1200, 13), around(0.1, 600, 14)
    usual[::50], canary[::50] = [1.0] * 24, [1.0] * 12
    assert compared(SLOW_ANSWERS, timed(usual), timed(canary)).answer == "go"
