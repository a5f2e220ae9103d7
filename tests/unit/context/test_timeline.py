"""When the walk did what, on a clock whose beginning is moved."""

import threading

import pytest

from pytest_canary.context.timeline import Timeline


def pass_time(timeline: Timeline, seconds: float) -> None:
    timeline.zero -= seconds


def test_what_takes_time_is_written_down_when_it_ends() -> None:
    timeline = Timeline()
    with timeline.measure("step", "fill"), timeline.measure("wait", "1/1 of db"):
        pass_time(timeline, 5)
    inner, outer = timeline.activities
    assert (inner.kind, inner.name, inner.beside) == ("wait", "1/1 of db", False)
    assert (outer.kind, outer.name, outer.beside) == ("step", "fill", False)
    assert outer.began <= inner.began < inner.ended <= outer.ended
    assert inner.ended - inner.began >= 5


def test_what_fails_took_its_time_too() -> None:
    timeline = Timeline()

    def fail() -> None:
        pass_time(timeline, 5)
        raise ValueError

    with pytest.raises(ValueError), timeline.measure("command", "kubectl apply"):  # noqa: PT011
        fail()
    assert [each.name for each in timeline.activities] == ["kubectl apply"]


def test_what_takes_no_time_is_not_written_down() -> None:
    timeline = Timeline()
    with timeline.measure("wait", "3/3"):
        timeline.zero += 1  # whatever the machine is busy with
    assert timeline.activities == []


def test_what_another_thread_does_is_beside_the_walk() -> None:
    timeline = Timeline()

    def load() -> None:
        with timeline.measure("step", "load"):
            pass_time(timeline, 5)

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    assert [each.beside for each in timeline.activities] == [True]
