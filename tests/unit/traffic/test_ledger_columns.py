"""What the requests to each track come to, side by side."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from fakes.ledgers import filled, good, ledger, of_tracks

from pytest_canary.traffic.columns import Columns
from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.ledger import Ledger, RequestOutcome

if TYPE_CHECKING:
    from _typeshed import TraceFunction


def test_a_request_has_its_track_whether_or_not_it_is_answered() -> None:
    book = filled(of_tracks(), (good(), 0.1), (RequestOutcome(Kind.RESET), 0.2))
    book.open()
    assert [book.exchange(number).track for number in range(3)] == ["stable", "canary", "canary"]
    assert "GET /all to canary was reset 0.000 s after" in book.exchange(1).shown
    assert ledger().tracks == ("",)


def test_columns_have_each_tracks_requests_side_by_side() -> None:
    book = filled(
        of_tracks(),
        (good("1"), 0.125),  # a read of both
        (RequestOutcome(Kind.RESET), 0.25),
        (good("2"), 0.5),  # a write of both, the canary first
        (RequestOutcome(Kind.SERVER_ERROR, 500), 0.0625),
    )
    book.open(Kind.LATE)
    book.open()
    found = book.columns(range(6), now=0.5)
    stable, canary = found["stable"], found["canary"]
    assert list(found) == ["stable", "canary"]
    assert stable.due == array("d", [0, 0.1])
    assert stable.seconds == array("d", [0.125, 0.0625])
    assert stable.kind == array("B", [Kind.ANSWERED, Kind.SERVER_ERROR])
    assert stable.write == array("B", [0, 1])
    assert stable.unsent == 1
    # What is in flight has waited so far, and belongs to whom it was sent.
    assert canary.due == array("d", [0, 0.1, 0.2])
    assert canary.seconds == array("d", [0.25, 0.5, 0.5 - 0.2])
    assert canary.kind == array("B", [Kind.RESET, Kind.ANSWERED, Kind.IN_FLIGHT])
    assert canary.write == array("B", [0, 1, 0])
    assert canary.unsent == 0
    assert (stable.median, canary.median) == (0.09375, 0.3)
    assert (stable.total, canary.total) == (3, 3)
    assert (stable.kept_back, canary.kept_back) == (1 / 3, 0)
    assert (stable.not_sent_in_time, canary.not_sent_in_time) == (1, 0)


def waiting(*canary: tuple[Kind, float]) -> Columns:
    """A canary that gets a request each tenth of a second, a second after the first of them."""
    book = of_tracks()
    for number in range(2 * len(canary)):
        kind, seconds = canary[number // 2]
        is_canary = book.schedule.target(number) == 1
        kept = kind in (Kind.CROWDED, Kind.LATE) and is_canary
        book.open(kind if kept else Kind.IN_FLIGHT)
        if not is_canary:
            book.close(number, RequestOutcome(Kind.ANSWERED, 200), 0.01)
        elif not kept and seconds:
            book.close(number, RequestOutcome(kind), seconds)
    return book.columns(range(len(book)), now=1.0)["canary"]


def test_what_is_kept_back_fares_as_what_was_sent_last() -> None:
    """As it would behind all that wait, whether they wait on or were answered since."""
    paused = waiting((Kind.ANSWERED, 0.35), (Kind.CROWDED, 0), (Kind.CROWDED, 0))
    assert paused.kind == array("B", [Kind.ANSWERED] * 3)
    assert paused.seconds == pytest.approx(array("d", [0.35, 0.25, 0.15]))
    assert paused.sent == array("B", [1, 0, 0])
    hangs = waiting((Kind.ANSWERED, 0.05), (Kind.IN_FLIGHT, 0), (Kind.CROWDED, 0))
    assert hangs.kind == array("B", [Kind.ANSWERED, Kind.IN_FLIGHT, Kind.IN_FLIGHT])
    assert hangs.seconds == pytest.approx(array("d", [0.05, 0.9, 0.8]))
    # Each of many that all take long keeps the next back for long.
    slow = waiting((Kind.ANSWERED, 2.0), (Kind.CROWDED, 0), (Kind.ANSWERED, 2.0), (Kind.CROWDED, 0))
    assert slow.seconds == pytest.approx(array("d", [2.0, 1.9, 2.0, 1.9]))
    # Who loses what is sent would have lost the others.
    lost = waiting((Kind.TIMEOUT, 0.3), (Kind.CROWDED, 0))
    assert lost.kind == array("B", [Kind.TIMEOUT] * 2)
    assert lost.seconds == pytest.approx(array("d", [0.3, 0.2]))
    assert waiting((Kind.RESET, 0.01), (Kind.CROWDED, 0)).seconds[1] == 0
    assert (hangs.total, hangs.kept_back, hangs.not_sent_in_time) == (3, 1 / 3, 0)


def test_what_this_machine_did_not_get_to_waits_for_nobody() -> None:
    found = waiting((Kind.IN_FLIGHT, 0), (Kind.LATE, 0))
    assert found.kind == array("B", [Kind.IN_FLIGHT])
    assert (found.total, found.kept_back, found.not_sent_in_time) == (2, 0.5, 1)


def test_columns_of_a_range_have_no_more_and_those_of_nothing_are_empty() -> None:
    book = filled(of_tracks(), *[(good(), 0.1)] * 8)
    found = book.columns(book.window(0.1, 0.3), now=1)
    assert [list(columns.due) for columns in found.values()] == [[0.1, 0.2], [0.1, 0.2]]
    assert all(not columns.due for columns in book.columns(book.window(7, 9), 9).values())
    assert book.columns(range(0), 9)["stable"].median is None


def test_what_was_sent_after_the_moment_has_not_waited_yet() -> None:
    book = of_tracks()
    book.open()
    book.open()
    book.open()
    assert book.columns(range(3), now=0.05)["canary"].seconds == array("d", [0.05, 0])


@contextmanager
def between_lines(function: Callable[..., object], act: Callable[[], object]) -> Iterator[None]:
    """Act before each line of a function, as another thread may at any of them.

    What is called as it is, but for an underscore, is a part of it.
    """

    def line(frame: FrameType, event: str, _: object) -> TraceFunction:
        if event == "line":
            act()
        return line

    def call(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        mine = frame.f_code.co_filename == function.__code__.co_filename
        return line if mine and frame.f_code.co_name.lstrip("_") == function.__name__ else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)


def test_columns_are_of_one_moment_however_requests_come_and_end_meanwhile() -> None:
    book, many = of_tracks(), 200
    for _ in range(many):
        book.open()
    ended = iter(range(many))

    def end_one() -> None:
        book.open()
        book.close(next(ended), good(), 5)

    with between_lines(Ledger.columns, end_one):
        found = book.columns(range(20), now=1)
    assert next(ended) > 20
    for columns in found.values():
        assert {len(each) for each in columns[:4]} == {10}
        for kind, seconds in zip(columns.kind, columns.seconds, strict=True):
            assert (seconds == 5) is (kind == Kind.ANSWERED)
    # Some had ended before it looked, and none that ended later.
    kinds = Counter(kind for columns in found.values() for kind in columns.kind)
    assert 0 < kinds[Kind.ANSWERED] < 5
    assert kinds.total() == 20
