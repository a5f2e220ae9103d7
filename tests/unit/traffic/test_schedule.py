"""What is due when, and what it is: known beforehand, the same every time."""

from dataclasses import replace
from itertools import pairwise

import pytest

from pytest_canary.config.api_settings import Request
from pytest_canary.traffic.pace import Pace
from pytest_canary.traffic.schedule import FULL_WRITES, THINNED, Schedule

WRITE = Request(method="PUT", path="/x/{unique}")
READ = Request(method="GET", path="/all")


def schedule(rate: float = 30, share: float = 0.2) -> Schedule:
    return Schedule(Pace(rate), share, "canary0123456789ab", WRITE, READ)


def pairs(rate: float = 30, share: float = 0.2, thinned: bool = False) -> Schedule:
    return replace(schedule(rate, share), targets=2, thinned=thinned)


def writes_before(plan: Schedule, number: int) -> int:
    """How many of the requests before this one write."""
    return sum(plan.is_write(each) for each in range(number))


def test_requests_are_due_at_the_rate_from_the_start_on() -> None:
    assert [schedule(4).due(number) for number in range(5)] == [0, 0.25, 0.5, 0.75, 1]
    assert schedule(0.5).due(3) == 6
    assert schedule(500).due(900_000) == 1800


def test_a_moment_far_on_is_not_the_sum_of_many_roundings() -> None:
    assert schedule(30).due(30 * 3600) == 3600


@pytest.mark.parametrize("rate", [0.3, 3, 7, 29.97, 30, 100 / 3, 500])
@pytest.mark.parametrize(("begin", "end"), [(0, 1), (0.1, 0.3), (7.7, 12.3), (0, 0), (5, 5)])
def test_a_window_has_what_is_due_from_its_begin_to_before_its_end(
    rate: float, begin: float, end: float
) -> None:
    plan = schedule(rate)
    due = [number for number in range(int(rate * 13) + 2) if begin <= plan.due(number) < end]
    assert list(plan.numbers(begin, end)) == due


def test_windows_that_meet_have_each_request_once() -> None:
    plan = schedule(29.97)
    moments = [-1, 0, 0.1, plan.due(7), plan.due(11), 2.5, 9]
    numbers = [number for begin, end in pairwise(moments) for number in plan.numbers(begin, end)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) == 270


@pytest.mark.parametrize(
    ("share", "writes"),
    [(0, []), (1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), (0.2, [4, 9]), (0.5, [1, 3, 5, 7, 9])],
)
def test_writes_are_spread_evenly_among_the_reads(share: float, writes: list[int]) -> None:
    plan = schedule(share=share)
    assert [number for number in range(10) if plan.is_write(number)] == writes
    assert [plan.request(number) for number in range(10)] == [
        WRITE if number in writes else READ for number in range(10)
    ]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.2, 1 / 3, 0.3, 0.7, 0.99])
def test_writes_are_thinned_once_there_are_many_as_each_read_shows_them_all(share: float) -> None:
    plan = schedule(share=share)
    full = int(FULL_WRITES / share)
    writes = [number for number in range(3 * full) if plan.is_write(number)]
    assert len([number for number in writes if number <= full]) in (FULL_WRITES, FULL_WRITES - 1)
    more = FULL_WRITES + 2 * FULL_WRITES // THINNED
    assert len(writes) == pytest.approx(more, abs=1)


def test_writes_alone_are_not_thinned_as_no_read_grows() -> None:
    plan = schedule(share=1)
    assert all(plan.is_write(number) for number in range(0, 900_000, 9))


def test_each_write_has_a_text_of_its_own_and_none_is_a_part_of_another() -> None:
    plan = schedule(share=0.5)
    texts = {plan.unique(number) for number in (1, 15, 17, 257, 999_999)}
    assert len(texts) == 5
    assert {len(text) for text in texts} == {25}
    assert all(text.isalnum() and text.startswith(plan.base) for text in texts)
    assert plan.unique(2) == ""


def test_the_path_has_the_unique_text_where_the_request_has_it() -> None:
    plan = schedule(share=0.5)
    assert plan.path(1) == f"/x/{plan.unique(1)}"
    assert plan.path(2) == "/all"


# Pairs


def test_both_of_a_pair_are_due_at_one_moment_and_who_comes_first_alternates() -> None:
    plan = pairs(rate=4)
    assert [plan.due(number) for number in range(6)] == [0, 0, 0.25, 0.25, 0.5, 0.5]
    assert [plan.target(number) for number in range(8)] == [0, 1, 1, 0, 0, 1, 1, 0]


def test_both_of_a_pair_read_or_both_write_each_a_text_of_its_own() -> None:
    plan = pairs(share=0.5)
    assert [plan.is_write(number) for number in range(8)] == [False, False, True, True] * 2
    assert [writes_before(plan, number) for number in range(9)] == [0, 0, 0, 1, 2, 2, 2, 3, 4]
    assert len({plan.unique(number) for number in (2, 3, 6, 7)}) == 4


def test_pairs_keep_their_full_share_of_writes_where_it_is_not_thinned() -> None:
    far = 20 * FULL_WRITES
    assert writes_before(pairs(share=0.1), 2 * far) == 0.1 * 2 * far
    assert writes_before(schedule(share=0.1), 2 * far) < 0.04 * 2 * far
    assert writes_before(pairs(share=0.1, thinned=True), 4 * far) < 0.04 * 4 * far


@pytest.mark.parametrize("rate", [0.3, 7, 29.97, 75])
def test_a_window_has_both_of_each_pair(rate: float) -> None:
    plan = pairs(rate)
    for begin, end in [(0, 1), (0.1, 0.3), (7.7, 12.3), (0, 0), (5, 5)]:
        due = [
            number for number in range(2 * int(rate * 13) + 4) if begin <= plan.due(number) < end
        ]
        assert list(plan.numbers(begin, end)) == due


def test_three_targets_take_turns_too() -> None:
    plan = replace(pairs(), targets=3)
    assert [plan.target(number) for number in range(9)] == [0, 1, 2, 1, 2, 0, 2, 0, 1]
