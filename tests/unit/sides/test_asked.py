"""Whom the traffic asks: whose a request is, what was not sent, and how many there may be."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_canary.core.errors import TrafficError
from pytest_canary.sides.asked import AskedByHeader, AskedByTrack, DueTimes, requests_of
from pytest_canary.traffic import Kind, Load
from pytest_canary.traffic.columns import Columns
from pytest_canary.traffic.ramp import Ramp

SOUND = Load(0.010, 0.001, 0.0)
STRAINED = Load(0.200, 0.001, 0.0)


def columns(
    *kinds: Kind, unsent: int = 0, write: Sequence[int] = (), sent: Sequence[int] = ()
) -> Columns:
    """One request a second, each of 20 ms."""
    return Columns(
        array("d", [float(number) for number in range(len(kinds))]),
        array("d", [0.02] * len(kinds)),
        array("B", [int(kind) for kind in kinds]),
        array("B", write or [0] * len(kinds)),
        array("B", sent or [1] * len(kinds)),
        array("I", [30] * len(kinds)),
        unsent,
    )


class Told:
    """Traffic that has sent what it is told to, at a rate that it is given."""

    def __init__(self, found: Mapping[str, Columns] | None = None, load: Load = SOUND) -> None:
        self.time = 50.0
        self.broken = False
        self.rate = 5.0
        self.found = found or {}
        self.seen: list[tuple[float, float]] = []
        self.how = load
        self.ledger = SimpleNamespace(window=lambda begin, end: range(21))
        self.schedule = SimpleNamespace(due=lambda number: number / 2)

    def check(self) -> None:
        if self.broken:
            raise TrafficError("it broke off")

    def now(self) -> float:
        return self.time

    def set_rate(self, rate: float) -> None:
        self.rate = rate

    def columns(self, begin: float, end: float) -> Mapping[str, Columns]:
        return self.found

    columns_by_version = columns

    def load(self, track: str, begin: float, end: float) -> Load:
        assert track == "stable"
        self.seen.append((begin, end))
        return self.how


def by_track(
    told: Told,
    first: float = 15,
    most: float = 75,
    trouble: str = "",
    behind: Told | None = None,
) -> AskedByTrack:
    traffic: Any = told
    beside: Any = behind or Told()
    return AskedByTrack(traffic, first, most, lambda: trouble, beside)


def by_header(told: Told, window: object = None) -> AskedByHeader:
    traffic: Any = told
    traffic.window = lambda begin, end: window
    return AskedByHeader(traffic, "1", "2")


# Each at an address of its own.


def test_what_hangs_is_owned_by_whom_it_was_sent_to() -> None:
    told = Told(
        {
            "stable": columns(Kind.ANSWERED, Kind.ANSWERED, Kind.RESET, write=[0, 1, 0]),
            "canary": columns(Kind.IN_FLIGHT, Kind.TIMEOUT),
        }
    )
    asked = by_track(told, trouble="nothing is known")
    baseline, canary = asked.requests(0, 9)
    assert baseline.failed.tolist() == [False, False, True]
    assert baseline.write.tolist() == [False, True, False]
    assert canary.waiting.tolist() == [True, False]
    assert canary.failed.tolist() == [False, True]
    assert canary.due.tolist() == [0, 1]
    assert asked.now() == 50
    assert asked.trouble() == "nothing is known"


def test_what_the_canary_alone_was_not_sent_is_not_held_against_this_machine() -> None:
    """Of one that hangs, so many wait that no more are sent."""
    hangs = columns(*[Kind.IN_FLIGHT] * 4, unsent=96)
    told = Told({"stable": columns(*[Kind.ANSWERED] * 100), "canary": hangs})
    assert by_track(told).unsent(0, 9) == 0
    told.found = {"stable": columns(*[Kind.ANSWERED] * 97, unsent=3), "canary": hangs}
    assert by_track(told).unsent(0, 9) == pytest.approx(0.03)
    slow = columns(*[Kind.ANSWERED] * 100, sent=[1] * 60 + [0] * 40, unsent=41)
    told.found = {"stable": slow, "canary": hangs}
    assert by_track(told).unsent(0, 9) == pytest.approx(1 / 101), "a baseline that lets many wait"
    told.found = {"stable": columns(), "canary": columns()}
    assert by_track(told).unsent(0, 9) == 0, "nothing was due"


def test_what_was_not_sent_as_so_many_wait_waits_too() -> None:
    """Or else a canary that stands still for long would look as if it had for a moment."""
    kinds = Kind.ANSWERED, Kind.TIMEOUT, Kind.TIMEOUT, Kind.IN_FLIGHT
    hangs = columns(*kinds, sent=[1, 1, 0, 0], unsent=2)
    asked = by_track(Told({"stable": columns(*[Kind.ANSWERED] * 4), "canary": hangs}))
    _, canary = asked.requests(0, 9)
    assert canary.waiting.tolist() == [False, False, False, True]
    assert canary.failed.tolist() == [False, True, True, False]
    # A pod has not got it.
    assert asked.due_times(0, 9).canary == [0, 1]


def test_how_many_were_due_at_most_is_known_without_a_look_at_each() -> None:
    told = Told()
    assert by_track(told).due(0, 9) == 11, "half of them, or one more"
    assert by_header(told).due(0, 9) == 21, "all may have gone to one"
    told.broken = True
    with pytest.raises(TrafficError, match="it broke off"):
        by_header(told).due(0, 9)


def test_what_goes_through_the_service_is_both_tracks_whose_clock_is_its_own() -> None:
    told = Told({"stable": columns(*[Kind.ANSWERED] * 3), "canary": columns(Kind.RESET)})
    behind = Told()
    behind.time = 60.0
    windows: list[tuple[float, float]] = []

    def window(begin: float, end: float) -> range:
        windows.append((begin, end))
        return range(22, 25)

    behind.ledger = SimpleNamespace(window=window)
    baseline, canary, shared = by_track(told, behind=behind).due_times(1, 9)
    assert (list(baseline), list(canary), list(shared)) == ([0, 1, 2], [0], [1.0, 1.5, 2.0])
    assert windows == [(11, 19)]


def steps(asked: AskedByTrack, told: Told, seconds: float) -> list[float]:
    """The rates that there are on the way, asked for four times a second."""
    rates = [told.rate]
    for _ in range(int(4 * seconds)):
        asked.keep_up()
        if told.rate != rates[-1]:
            rates.append(told.rate)
        told.time += 0.25
    return rates


def test_the_rate_rises_while_the_baseline_keeps_up_and_eases_in_the_end() -> None:
    told = Told()
    asked = by_track(told)
    assert told.rate == 5, "the verdict has not begun"
    assert steps(asked, told, 5) == pytest.approx([5, 15, 22.5, 33.75, 50.625, 75])
    asked.ease()
    assert told.rate == 5


def test_what_is_usual_is_told_by_the_seconds_before_and_each_step_by_half_of_one() -> None:
    told = Told()
    steps(by_track(told), told, 1.25)
    limit = Ramp.begin(15, 75, SOUND).limit
    assert limit == pytest.approx(0.015)
    assert told.seen == [
        pytest.approx((46.0, 50.0)),
        pytest.approx((50.0, 50.5 - limit)),
        pytest.approx((50.5, 51.0 - limit)),
    ]


def test_where_nothing_is_known_yet_of_what_is_usual_the_first_rate_stays() -> None:
    told = Told(load=Load(None, 0.0, 0.0))
    asked = by_track(told)
    assert steps(asked, told, 1) == [5, 15]
    told.how = SOUND
    assert steps(asked, told, 0.75) == pytest.approx([15, 22.5])


def test_half_of_a_step_is_left_where_a_slow_baseline_takes_longer_than_one() -> None:
    told = Told(load=Load(0.8, 0.001, 0.0))
    steps(by_track(told), told, 0.75)
    assert told.seen == [pytest.approx((46.0, 50.0)), pytest.approx((50.0, 50.25))]


def test_the_rate_falls_where_the_baseline_does_not_keep_up() -> None:
    told = Told()
    asked = by_track(told)
    steps(asked, told, 2.25)
    assert told.rate == pytest.approx(75)
    told.how = STRAINED
    assert steps(asked, told, 0.5)[-1] == pytest.approx(50)


def test_what_waited_for_the_load_alone_is_left_out_of_both() -> None:
    both = columns(*[Kind.ANSWERED] * 60)
    told = Told({"stable": both, "canary": both})
    asked = by_track(told)
    steps(asked, told, 1.25)
    assert [len(each) for each in asked.requests(0, 60)] == [60, 60]
    told.how = STRAINED
    steps(asked, told, 1.0)
    told.how = SOUND
    steps(asked, told, 1.0)
    left = [each.due.tolist() for each in asked.requests(0, 60)]
    # It was strained from 51 s on, and for a second.
    assert left[0] == left[1] == [float(each) for each in range(60) if each != 51]


def test_what_was_due_while_this_process_was_busy_decides_nothing() -> None:
    told = Told()
    asked = by_track(told)
    steps(asked, told, 0.25)
    told.time += 0.2
    asked.disregard()
    told.time += 0.05
    asked.keep_up()
    # It is time for a step, and since the look enough was due.
    assert told.seen[-1] == pytest.approx((50.45, 50.485))
    asked.disregard()
    told.time += 0.6
    asked.disregard()
    asked.keep_up()
    assert len(told.seen) == 2, "nothing was due since"
    by_header(told).disregard()


@pytest.mark.parametrize(("first", "most", "rates"), [(15, 20, [5, 15, 20]), (15, 4, [5, 4])])
def test_no_rate_is_above_the_verdicts(first: float, most: float, rates: list[float]) -> None:
    told = Told()
    assert steps(by_track(told, first, most), told, 4) == rates


# Both behind the Service.


def test_what_nobody_has_answered_is_nobodys_where_a_header_tells() -> None:
    told = Told(
        {
            "1": columns(Kind.ANSWERED, Kind.SERVER_ERROR),
            "2": columns(Kind.ANSWERED),
            "": columns(Kind.IN_FLIGHT, Kind.RESET),
        }
    )
    asked = by_header(told)
    baseline, canary = asked.requests(0, 9)
    assert (len(baseline), baseline.errors) == (2, 1)
    assert (len(canary), canary.errors) == (1, 0)
    assert not baseline.waiting.any()
    assert asked.now() == 50
    assert asked.trouble() == ""


def test_what_the_header_tells_is_nobody_elses() -> None:
    told = Told({"2": columns(Kind.ANSWERED, Kind.ANSWERED), "": columns(Kind.RESET)})
    baseline, canary, shared = by_header(told).due_times(0, 9)
    assert (list(baseline), list(canary), list(shared)) == ([], [0, 1], [])
    assert by_header(Told()).due_times(0, 9) == DueTimes((), (), ())


def test_a_version_that_nobody_has_named_has_no_requests() -> None:
    baseline, canary = by_header(Told({"1": columns(Kind.ANSWERED)})).requests(0, 9)
    assert (len(baseline), len(canary)) == (1, 0)


def test_what_was_not_sent_is_of_all_that_was_due_behind_the_service() -> None:
    assert by_header(Told(), SimpleNamespace(sent=97, unsent=3)).unsent(0, 9) == 0.03
    assert by_header(Told(), SimpleNamespace(sent=0, unsent=0)).unsent(0, 9) == 0


def test_behind_the_service_the_rate_stays() -> None:
    told = Told()
    asked = by_header(told)
    asked.keep_up()
    asked.ease()
    assert told.rate == 5


def test_what_went_wrong_in_whatever_way_has_failed() -> None:
    kinds = [Kind.ANSWERED, Kind.IN_FLIGHT, Kind.SERVER_ERROR, Kind.RESET, Kind.TIMEOUT]
    found = requests_of(columns(*kinds, sent=(1, 1, 1, 1, 0)))
    assert found.failed.tolist() == [False, False, True, True, True]
    assert found.answered.tolist() == [True, False, False, False, False]
    assert found.unsent.tolist() == [False, False, False, False, True]
    assert len(requests_of(None)) == 0
