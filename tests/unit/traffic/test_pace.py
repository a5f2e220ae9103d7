"""When what is due, while the rate changes: what was due before stays where it was."""

from itertools import pairwise

import pytest

from pytest_canary.traffic.pace import Pace

# Each: moments of change, with the rate from then on.
CHANGES: list[list[tuple[float, float]]] = [
    [],
    [(1.0, 20.0)],
    [(0.333, 15.0), (0.833, 22.5), (1.333, 33.75), (1.833, 22.5)],
    [(0.05, 1.0), (0.06, 100.0), (0.07, 3.0)],
    [(0.0, 7.0), (0.0, 29.97)],
    [(0.1, 0.3), (2.0, 75.0)],
]


def changed(changes: list[tuple[float, float]], rate: float = 10) -> Pace:
    pace = Pace(rate)
    for at, then in changes:
        pace.change(at, then)
    return pace


@pytest.mark.parametrize("rate", [0.3, 3, 7, 29.97, 30, 100 / 3, 500])
def test_a_pace_that_never_changes_is_a_division(rate: float) -> None:
    pace = Pace(rate)
    assert [pace.due(number) for number in range(1000)] == [n / rate for n in range(1000)]
    assert pace.due(900_000) == 900_000 / rate


def test_from_the_moment_of_a_change_there_are_so_many_a_second() -> None:
    pace = changed([(1.0, 20.0), (2.0, 5.0)])
    assert [pace.due(number) for number in (9, 10, 11, 20, 30, 31, 35)] == pytest.approx(
        [0.9, 1.0, 1.05, 1.5, 2.0, 2.2, 3.0]
    )
    assert pace.rate == 5


def test_what_is_about_to_be_due_keeps_its_share_of_the_wait() -> None:
    """A tenth of a second before it was due: half as long at twice the rate."""
    pace = changed([(0.9, 2.0)], rate=1)
    assert pace.due(0) == 0
    assert pace.due(1) == pytest.approx(0.95)
    assert pace.due(2) == pytest.approx(1.45)


def test_however_often_the_rate_changes_none_is_added_or_left_out() -> None:
    pace = Pace(10)
    for step in range(1, 1000):
        pace.change(step / 100, 10 if step % 2 else 30)
    assert pace.first(9.99) == pytest.approx(20 * 9.99, abs=1)


@pytest.mark.parametrize("changes", CHANGES)
def test_each_is_due_after_the_one_before(changes: list[tuple[float, float]]) -> None:
    pace = changed(changes)
    due = [pace.due(number) for number in range(300)]
    assert all(before < after for before, after in pairwise(due))


@pytest.mark.parametrize("changes", CHANGES)
def test_the_first_at_a_moment_is_what_is_due_then_or_next(
    changes: list[tuple[float, float]],
) -> None:
    pace = changed(changes)
    due = [pace.due(number) for number in range(300)]
    moments = [-1, 0, 1e-9, *(at for at, _ in changes), *due[:200], 0.0599, 0.0601, 1.99, 2.01]
    for moment in moments:
        expected = next(number for number, at in enumerate(due) if at >= moment)
        assert pace.first(moment) == expected


@pytest.mark.parametrize("changes", CHANGES)
def test_a_change_leaves_what_was_due_before_where_it_was(
    changes: list[tuple[float, float]],
) -> None:
    pace = Pace(10)
    for at, rate in changes:
        before = [pace.due(number) for number in range(pace.first(at))]
        pace.change(at, rate)
        assert [pace.due(number) for number in range(len(before))] == before
        assert pace.due(len(before)) >= at


def test_the_same_rate_again_changes_nothing() -> None:
    pace = changed([(0.123, 10), (0.456, 10)])
    assert [pace.due(number) for number in range(100)] == [number / 10 for number in range(100)]


@pytest.mark.parametrize(
    ("at", "rate", "words"),
    [
        (0.9, 5, "5 a second from 0.9 s on can't follow a change at 1 s"),
        (2, 0, "0 a second from 2 s on can't follow"),
        (2, float("nan"), "nan a second"),
    ],
)
def test_what_was_due_and_a_rate_of_nothing_are_refused(at: float, rate: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        changed([(1.0, 20.0)]).change(at, rate)
