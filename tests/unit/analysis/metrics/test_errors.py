"""The error rates: what is proven, what is disproven, and in which words."""

import pytest
from fakes.observed import compared, observed

from pytest_canary.analysis.metrics.errors import ERRORS


@pytest.mark.parametrize(
    ("canary", "baseline", "answer", "sentence"),
    [
        (
            (0, 300),
            (0, 600),
            "go",
            "0 of 300 requests to the canary failed (0.0 %), and 0 of 600 to the baseline (0.0 %); "
            "it is at most 1.26 points more, and 1.5 points would matter",
        ),
        (
            (15, 300),
            (0, 600),
            "no-go",
            "15 of 300 requests to the canary failed (5.0 %), and 0 of 600 to the baseline "
            "(0.0 %); it is 2.95 to 8.08 points more, and 1.5 points is too much",
        ),
        (
            (0, 30),
            (0, 60),
            "inconclusive",
            "0 of 30 requests to the canary failed (0.0 %), and 0 of 60 to the baseline (0.0 %); "
            "it may be 11.4 points more, and 1.5 points would matter",
        ),
    ],
)
def test_error_rates(
    canary: tuple[int, int], baseline: tuple[int, int], answer: str, sentence: str
) -> None:
    found = compared(ERRORS, observed(baseline[1], baseline[0]), observed(canary[1], canary[0]))
    assert (found.answer, found.sentence) == (answer, sentence)
    assert (found.least, found.confidence, found.level) == (0.015, 0.95, 0.00125)


@pytest.mark.parametrize(
    ("canary", "baseline", "why"),
    [
        ((2, 100), (0, 1000), "two errors may be chance"),
        ((60, 6000), (0, 12000), "1 % is certain, but matters to nobody"),
        ((10, 300), (20, 600), "as many as the baseline's, but up to 2.9 points more are possible"),
    ],
)
def test_an_error_rate_that_is_not_proven_either_way_stops_nobody(
    canary: tuple[int, int], baseline: tuple[int, int], why: str
) -> None:
    found = compared(ERRORS, observed(baseline[1], baseline[0]), observed(canary[1], canary[0]))
    assert found.answer != "no-go", why


def test_a_difference_can_be_certain_and_yet_a_go() -> None:
    found = compared(ERRORS, observed(12000), observed(6000, 60))
    assert found.p is not None
    assert found.p < 1e-20
    assert found.answer == "go"


def test_the_more_errors_the_worse_the_answer() -> None:
    answers = [compared(ERRORS, observed(800), observed(400, n)).answer for n in range(40)]
    order = ["go", "inconclusive", "no-go"]
    assert [order.index(each) for each in answers] == sorted(order.index(a) for a in answers)
    assert set(answers) == set(order)


@pytest.mark.parametrize(("canary", "baseline", "who"), [(0, 9, "canary"), (9, 0, "baseline")])
def test_without_a_request_there_is_no_error_rate(canary: int, baseline: int, who: str) -> None:
    found = compared(ERRORS, observed(baseline), observed(canary))
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == f"no request went to the {who}"
