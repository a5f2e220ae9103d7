"""The baseline asked until it is steady, and the candidate after it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from fakes.clock import Clock
from fakes.observed import requests
from fakes.traffic import Unstartable, sends_by, track_traffic_to, until

from pytest_canary.config.settings import Settings
from pytest_canary.config.verdict_rate import first_rate
from pytest_canary.core.waiting import Waiter
from pytest_canary.sides.in_turn import PERIODS, AloneInTurn, InTurn, Paced, most_rate
from pytest_canary.sides.measured_in_turn import MeasuredInTurn
from pytest_canary.traffic import TrackTraffic


def in_turn_of(
    traffic: TrackTraffic, settings: Settings, beside: Paced | None = None, **options: Any
) -> InTurn:
    """What asks both by the settings' rates."""
    first = first_rate(settings.traffic, settings.verdict)
    most = most_rate(settings.traffic, settings.verdict, bounded=False)
    return InTurn(traffic, first, most, settings.verdict, beside, **options)


def told(asked: InTurn) -> AloneInTurn:
    """How the baseline did."""
    until(lambda: asked.alone is not None)
    asked.keep_baseline(Waiter())
    assert asked.alone
    return asked.alone


def test_the_baseline_is_asked_until_two_periods_are_alike(
    traffic: TrackTraffic, settings: Settings
) -> None:
    said = iter(["it took 30 ms", "it took 20 ms", ""])
    rows = iter([10, 20, 30, 40, 50])
    asked = in_turn_of(
        traffic,
        settings,
        rows=lambda: next(rows),
        period=0.3,
        unsteadiness=lambda *_: next(said),
    ).start(lambda: (1, 2))
    found = told(asked)
    assert found.unsteady == ""
    assert list(said) == []
    assert found.end - found.begin >= 0.6
    assert len(asked.baseline) >= 2
    assert asked.baseline.due[0] >= found.begin
    assert (asked.rows, asked.events) == (40, (1, 2))


def test_one_that_is_never_the_same_is_no_reference(
    traffic: TrackTraffic, settings: Settings
) -> None:
    said: list[str] = []

    def changes(*_: object) -> str:
        said.append("it took 30 ms in the median, and 12 ms just before")
        return said[-1]

    asked = in_turn_of(traffic, settings, period=0.2, unsteadiness=changes).start()
    told(asked)
    assert len(said) == PERIODS - 1
    assert asked.held_up() == (
        "the baseline was not the same all along before the candidate came, so that nothing can be "
        "held against it: it took 30 ms in the median, and 12 ms just before; free the machine, or "
        "let the baseline warm up before it is ready"
    )


def test_the_candidate_is_asked_as_often_as_the_baseline(
    traffic: TrackTraffic, settings: Settings
) -> None:
    asked = in_turn_of(traffic, settings, period=0.3).start()
    found = told(asked)
    assert traffic.rate <= 5
    asked.begin()
    assert traffic.rate == found.rate
    until(lambda: len(asked.candidate(traffic.now())) > 3)
    assert asked.candidate(traffic.now()).due[0] > found.end
    assert asked.due() >= 3


class Beside:
    """Traffic that goes at the rate that was set last."""

    def __init__(self) -> None:
        self.rate = 60.0

    def set_rate(self, rate: float) -> None:
        self.rate = rate


def test_the_traffic_through_the_service_makes_room_meanwhile(
    traffic: TrackTraffic, settings: Settings
) -> None:
    beside = Beside()
    asked = in_turn_of(traffic, settings, beside, period=0.3).start()
    assert beside.rate == 5
    told(asked)
    assert beside.rate == 60
    asked.begin()
    assert beside.rate == 5
    asked.ease()
    assert beside.rate == 60
    asked.begin()
    assert beside.rate == 5
    asked.stop()
    assert beside.rate == 60, "a release that fails is rolled back under the traffic that was set"


@pytest.mark.parametrize(
    ("table", "rate"),
    [
        ({}, 30),
        ({"traffic": {"rate": 400}}, 100),
        ({"api": {"bounded-read": {"method": "GET", "path": "/one"}}}, 100),
    ],
)
def test_reads_of_all_rows_are_sent_no_faster_than_the_traffics_own(
    configured: Callable[..., Settings], table: dict[str, Any], rate: float
) -> None:
    found = configured(**table)
    bounded = found.api.bounded_read is not None
    assert most_rate(found.traffic, found.verdict, bounded=bounded) == rate


def standing(lag: float = 0.001, unsent: float = 0.0) -> InTurn:
    """One whose traffic did so after the update; before, it was 1 ms late."""
    moments = iter([50.0])
    traffic: Any = SimpleNamespace(
        now=lambda: next(moments, 60.0),
        unsent=lambda *_: unsent,
        lag=lambda begin, _: lag if begin == 50.0 else 0.001,
        set_rate=lambda _: None,
    )
    limits: Any = SimpleNamespace()
    made = InTurn(traffic, 15.0, 100.0, limits)
    made.alone = AloneInTurn(2.0, 14.0, 75.0)
    made.begin()
    return made


def test_a_machine_that_keeps_up_holds_nothing_up() -> None:
    assert standing().held_up() == ""


def test_one_that_is_busier_than_it_was_does() -> None:
    assert standing(lag=0.05).held_up() == (
        "this machine is busier than it was: requests went out 50 ms late, and 1 ms while the "
        "baseline was asked; free the machine"
    )


def test_so_does_one_that_can_not_send() -> None:
    assert (
        standing(unsent=0.05)
        .held_up()
        .startswith("the load generator could not keep up: 5.0 % of the requests were not sent; ")
    )


def test_what_can_not_be_asked_is_told(settings: Settings) -> None:
    broken = sends_by(Unstartable(settings.api, RuntimeError("no loop")))
    traffic = track_traffic_to({"stable": "http://127.0.0.1:1"}, settings, generate=broken)
    asked = in_turn_of(traffic, settings, period=0.1)
    with pytest.raises(Exception, match="no loop"):
        asked.start()
    asked.stop()
    assert len(asked.baseline) == 0
    assert asked.held_up() == "the baseline could not be asked before the candidate came"


def figures(restarts: int = 0) -> Any:
    return SimpleNamespace(restarts=restarts, unready=0, pods=3, age=60.0, ended="")


@pytest.mark.parametrize(
    ("restarts", "unsteady", "answer", "words"),
    [
        (0, "", "go", "errors 0.0 % and 0.0 %"),
        (1, "", "no-go", "the candidate's containers restarted once"),
        (0, "it took 30 ms", "inconclusive", "the baseline was not the same all along"),
    ],
)
def test_the_verdict_is_awaited(
    settings: Settings, restarts: int, unsteady: str, answer: str, words: str
) -> None:
    clock, eased = Clock(), []
    traffic: Any = SimpleNamespace(
        now=lambda: clock.time,
        unsent=lambda *_: 0.0,
        lag=lambda *_: 0.001,
    )
    asked: Any = SimpleNamespace(
        alone=AloneInTurn(0.0, 12.0, 75.0, unsteady),
        traffic=traffic,
        begin=lambda: None,
        baseline=requests(800),
        candidate=lambda _: requests(900),
        due=lambda: 900,
        rows=0,
        events=(0, 0),
        ease=lambda: eased.append(True),
        held_up=lambda: "the baseline was not the same all along" if unsteady else "",
    )
    measured = MeasuredInTurn(
        Waiter(clock), asked, settings.verdict, settings.traffic.slow, figures(restarts)
    )
    found = measured.judge()
    assert found.answer == answer
    assert words in found.text
    assert found.in_turn
    assert eased
