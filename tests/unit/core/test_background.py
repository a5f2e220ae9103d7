"""What is done beside the rest: its end, its error, and its end before its time."""

from threading import Event, active_count

import pytest
from fakes.clock import Clock

from pytest_canary.core.background import Background
from pytest_canary.core.errors import ReleaseError, WaitTimeoutError
from pytest_canary.core.waiting import Seen, Waiter


def test_what_came_of_it_is_there_as_soon_as_somebody_waits() -> None:
    made = Background("it to end", lambda _: 7, 60, Waiter()).start()
    assert made.wait(Waiter()) == made.wait(Waiter()) == 7


def test_why_it_failed_is_raised_where_it_is_waited_for() -> None:
    def fail(_: Waiter) -> None:
        raise ReleaseError("it broke")

    made = Background("it to end", fail, 60, Waiter()).start()
    with pytest.raises(ReleaseError, match="it broke"):
        made.wait(Waiter())


def test_one_that_should_have_ended_is_told_at_its_deadline() -> None:
    going = Event()
    made = Background("it to end", lambda _: going.wait(60), 3, Waiter()).start()
    with pytest.raises(WaitTimeoutError, match="waited 3 s for it to end, which did not come"):
        made.wait(Waiter(Clock(step=1)))
    going.set()
    assert made.wait(Waiter())


def test_one_that_is_stopped_ends_its_own_waits_and_removes_what_it_made() -> None:
    begun, removed = Event(), Event()

    def wait_for_ever(waiter: Waiter) -> None:
        begun.set()
        try:
            waiter.until("ever", lambda: Seen("not yet", False, None), timeout=600)
        finally:
            removed.set()

    threads = active_count()
    made = Background("it to end", wait_for_ever, 60, Waiter()).start()
    assert begun.wait(60)
    made.stop(60)
    assert removed.is_set()
    assert active_count() <= threads + 1


def test_its_waits_are_told_to_nobody() -> None:
    heard: list[str] = []
    looks = iter([False, True])

    def wait_a_little(waiter: Waiter) -> None:
        waiter.until("a moment", lambda: Seen("so far", next(looks), None), timeout=60)

    Background("it to end", wait_a_little, 60, Waiter()).start().wait(
        Waiter(listener=lambda what, _: heard.append(what))
    )
    assert set(heard) <= {"it to end"}
