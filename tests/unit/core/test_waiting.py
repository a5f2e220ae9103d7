"""The one place that waits, with a clock that is wound by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from fakes.clock import Clock

from pytest_canary.core.errors import ReleaseError, WaitTimeoutError
from pytest_canary.core.measuring import Kind
from pytest_canary.core.waiting import Seen, Waiter


def looks(*texts: str, done: bool = True) -> Callable[[], Seen[str]]:
    """One text a look; the last is done, or comes again and again."""
    left: Iterator[str] = iter(texts[:-1])

    def look() -> Seen[str]:
        text = next(left, texts[-1])
        return Seen(text, done and text == texts[-1], f"value of {text}")

    return look


def test_what_is_there_already_is_not_waited_for() -> None:
    clock = Clock(1000.0)
    assert Waiter(clock).until("it", looks("there"), timeout=5) == "value of there"
    assert clock.naps == []


def test_a_wait_returns_the_value_of_the_look_that_was_done() -> None:
    clock = Clock(1000.0)
    assert Waiter(clock).until("it", looks("0/3", "1/3", "3/3"), timeout=5) == "value of 3/3"
    assert clock.naps == [0.1, 0.1]


def test_a_deadline_says_what_was_awaited_and_what_was_seen_last() -> None:
    with pytest.raises(WaitTimeoutError) as late:
        Waiter(Clock(1000.0)).until(
            "3/3 of app-stable", looks("0/3", "2/3 ready", done=False), timeout=2.5
        )
    assert str(late.value) == (
        "waited 2.5 s for 3/3 of app-stable, which did not come; last seen: 2/3 ready"
    )


def test_nothing_is_waited_for_past_the_deadline() -> None:
    clock = Clock(1000.0)
    with pytest.raises(WaitTimeoutError):
        Waiter(clock).until("it", looks("no", done=False), timeout=0.25)
    assert clock.time == pytest.approx(1000.25)
    assert clock.naps == pytest.approx([0.1, 0.1, 0.05])


def test_there_is_a_last_look_at_the_deadline() -> None:
    clock = Clock(1000.0)

    def look() -> Seen[None]:
        return Seen("not yet", clock.time >= 1001, None)

    Waiter(clock).until("it", look, timeout=1)
    assert clock.time == pytest.approx(1001)


def test_what_is_doomed_is_not_waited_for() -> None:
    clock = Clock(1000.0)

    def look() -> Seen[None]:
        raise ReleaseError("the image does not exist")

    with pytest.raises(ReleaseError, match="the image does not exist"):
        Waiter(clock).until("it", look, timeout=60)
    assert clock.naps == []


def test_a_change_ends_a_pause_and_is_never_given_more_than_what_is_left() -> None:
    clock, given = Clock(1000.0), []

    def change(seconds: float) -> None:
        given.append(seconds)
        clock.time += seconds

    with pytest.raises(WaitTimeoutError):
        Waiter(clock).until("it", looks("no", done=False), timeout=2.5, change=change)
    assert given == pytest.approx([1.0, 1.0, 0.5])
    assert clock.naps == [], "with a change there is no sleeping"


def test_every_look_that_is_not_done_is_told() -> None:
    told: list[tuple[str, str]] = []
    waiter = Waiter(Clock(1000.0), lambda what, seen: told.append((what, seen)))
    waiter.until("3/3", looks("0/3", "1/3", "3/3"), timeout=5)
    assert told == [("3/3", "0/3"), ("3/3", "1/3")]


def test_the_listener_hears_what_was_seen_at_the_deadline() -> None:
    told: list[str] = []
    waiter = Waiter(Clock(1000.0), lambda _, seen: told.append(seen))
    with pytest.raises(WaitTimeoutError):
        waiter.until("it", looks("0/3", "2/3", done=False), timeout=0.1)
    assert told == ["0/3", "2/3"]


def test_each_wait_is_measured_by_its_name_whatever_becomes_of_it() -> None:
    measured: list[str] = []

    @contextmanager
    def measure(kind: Kind, name: str) -> Iterator[None]:
        measured.append(f"{kind} {name} begins")
        try:
            yield
        finally:
            measured.append("ends")

    waiter = Waiter(Clock(1000.0), measure=measure)
    waiter.until("3/3", looks("0/3", "3/3"), timeout=5)
    with pytest.raises(WaitTimeoutError):
        waiter.until("it", looks("no", done=False), timeout=1)
    assert measured == ["wait 3/3 begins", "ends", "wait it begins", "ends"]


def test_a_real_clock_is_the_default() -> None:
    with pytest.raises(WaitTimeoutError, match=r"waited 0\.05 s for it"):
        Waiter().until("it", looks("no", done=False), timeout=0.05)
