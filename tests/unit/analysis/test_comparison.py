"""From a statistic to an answer and its words, and what can be observed at all."""

import math
from typing import Any

import pytest
from fakes.observed import RULE, observed

from pytest_canary.analysis.comparison import decide, format_value
from pytest_canary.analysis.statistics import Difference


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.9, 1.2, "it is 900 ms to 1.2 s more, and 5 ms is too much"),
        (0.01, 0.02, "it is 10 to 20 ms more, and 5 ms is too much"),
        (0.01, 0.01, "it is 10 ms more, and 5 ms is too much"),
        (0.01, math.inf, "it is at least 10 ms more, and 5 ms is too much"),
    ],
)
def test_a_no_go_tells_how_much_more_it_is(low: float, high: float, words: str) -> None:
    found = decide(
        "latency", "seconds", (0.0, 1.0), Difference(1.0, low, high, 0.0), RULE, 0.005, "slow"
    )
    assert found.sentence == f"slow; {words}"


def test_a_go_tells_how_much_less_it_is() -> None:
    found = decide(
        "latency", "seconds", (1.0, 0.9), Difference(-0.1, -0.2, -0.05, 1.0), RULE, 0.005, "quick"
    )
    assert (found.answer, found.sentence) == ("go", "quick; it is at least 50 ms less")


@pytest.mark.parametrize(
    ("found", "answer", "why"),
    [
        ((1.2, 0.8, 1.6, 0.0), "no-go", "all of it"),
        ((1.2, 0.5, 1.9, 0.0), "inconclusive", "it may be no more than half of what matters"),
        ((1.2, 0.51, 1.9, 0.0), "no-go", "it is more than half of what matters"),
        ((0.9, 0.8, 1.0, 0.0), "inconclusive", "less than what matters was seen"),
        ((1.2, 0.8, 1.6, 0.00125), "inconclusive", "not proven"),
        ((0.9, 0.8, 0.99, 0.0), "go", "certain, and yet less than what matters"),
        ((0.0, -1.0, 1.0, 0.5), "inconclusive", "it may be what matters"),
    ],
)
def test_an_answer_takes_proof(
    found: tuple[float, float, float, float], answer: str, why: str
) -> None:
    made = decide("errors", "share", (0.0, 0.0), Difference(*found), RULE, 1.0, "so it is")
    assert made.answer == answer, why


@pytest.mark.parametrize(
    "values",
    [
        {"counters": {"a_total": [0.0, math.nan]}},
        {"counters": {"a_total": [1.0, -1.0]}},
        {"pods": 0},
    ],
)
def test_what_can_not_have_been_observed_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"finite|no pod"):
        observed(10, **values)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0506, "share", "5.1 %"),
        (0.0124, "seconds", "12 ms"),
        (1.26, "seconds", "1.3 s"),
        (2.5e9, "bytes", "2,500 MB"),
        (1200, "times", "1,200"),
        (0.0214, "a request", "0.021"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float, unit: Any, text: str) -> None:
    assert format_value(value, unit) == text
