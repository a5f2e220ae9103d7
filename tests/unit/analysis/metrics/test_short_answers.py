"""Answers with far too little: what is proven, what is usual, and in which words."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from fakes.observed import RULE, compared_all, observed, requests

from pytest_canary.analysis.comparison import Comparison, Observed
from pytest_canary.analysis.metrics.short_answers import NAME, SHORT_ANSWERS

COUNT = 600


def sized(size: Callable[[int], int], **columns: Any) -> Observed:
    """Answers of a size that goes by their number."""
    return observed(requests(COUNT, size=[size(each) for each in range(COUNT)], **columns))


def found(baseline: Observed, canary: Observed) -> Comparison | None:
    return compared_all(SHORT_ANSWERS, baseline, canary).get(NAME)


def alike(_number: int) -> int:
    return 2_000


def grows(number: int) -> int:
    return 200 + 10 * number


def now_and_then(nth: int, size: Callable[[int], int]) -> Callable[[int], int]:
    """Every so many are an empty list."""
    return lambda number: 2 if number % nth == nth - 1 else size(number)


def test_reads_that_find_nothing_now_and_then_are_no_go() -> None:
    told = found(sized(alike), sized(now_and_then(20, alike)))
    assert told
    assert told.answer == "no-go"
    assert told.sentence.startswith(
        "5.0 % of the canary's reads are answered with less than half of what is usual, 0.0 % of "
        "the baseline's; it is "
    )
    assert told.level == pytest.approx(0.1 * RULE.level)


def test_it_is_seen_while_what_is_read_grows() -> None:
    told = found(sized(grows), sized(now_and_then(20, grows)))
    assert told
    assert told.answer == "no-go"


@pytest.mark.parametrize(
    ("baseline", "canary"),
    [
        pytest.param(alike, alike, id="alike"),
        pytest.param(grows, grows, id="both grow"),
        pytest.param(alike, lambda _: 700, id="the canary leaves a field out"),
        pytest.param(grows, lambda _: 700, id="the canary answers page by page"),
        pytest.param(grows, lambda number: 3 * grows(number), id="the canary tells more"),
        pytest.param(lambda _: 700, grows, id="the canary gives up its pages"),
        pytest.param(alike, lambda _: 2, id="the canary finds nothing at all, which checks tell"),
    ],
)
def test_who_answers_alike_passes_however_long_the_answers_are(
    baseline: Callable[[int], int], canary: Callable[[int], int]
) -> None:
    told = found(sized(baseline), sized(canary))
    assert told
    assert told.answer == "go", told.sentence


def test_it_takes_no_more_requests_than_errors_do() -> None:
    """A go waits for the same: none of so many."""
    failed = [number % 300 == 7 for number in range(COUNT)]
    told = found(sized(alike), sized(alike, errors=failed))
    assert told
    assert told.answer == "go"


def test_what_failed_or_writes_is_not_short() -> None:
    other = [number % 20 == 19 for number in range(COUNT)]
    for column in ("errors", "write"):
        told = found(sized(alike), sized(now_and_then(20, alike), **{column: other}))
        assert told
        assert told.answer == "go", column


def test_answers_that_differ_in_length_with_the_baseline_too_are_not_compared() -> None:
    chance = random.Random(1)
    sizes = [chance.choice((10, 2_000)) for _ in range(2 * COUNT)]
    both = (sized(lambda number: sizes[number]), sized(lambda number: sizes[COUNT + number]))
    assert found(*both) is None
    assert SHORT_ANSWERS.omitted(*both).startswith("short answers: 29.7 ")
    assert SHORT_ANSWERS.omitted(*both).endswith(
        "% of the baseline's own reads are answered with less than half of what is usual"
    )


@pytest.mark.parametrize(
    ("baseline", "canary"),
    [
        (observed(COUNT), observed(COUNT)),
        (sized(alike), observed(0)),
        (sized(alike), sized(alike, write=[True] * COUNT)),
    ],
)
def test_where_nothing_is_measured_nothing_is_told(baseline: Observed, canary: Observed) -> None:
    for pair in ((baseline, canary), (canary, baseline)):
        assert found(*pair) is None
        assert SHORT_ANSWERS.omitted(*pair) == ""
