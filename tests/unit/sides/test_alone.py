"""The baseline alone: how it is asked, for how long, and what comes of it where it can't be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fakes.clock import Clock
from fakes.traffic import Unstartable, sends_by, track_traffic_to, until

from pytest_canary.config.settings import Settings
from pytest_canary.core.waiting import Waiter
from pytest_canary.sides.alone import Alone, load_alone
from pytest_canary.traffic import TrackTraffic


@pytest.mark.parametrize(
    ("table", "rate"),
    [
        ({}, 15),
        ({"traffic": {"rate": 400}}, 100),
        ({"traffic": {"rate": 200}, "verdict": {"rate": 20}}, 20),
        # In the verdict two pods share what one gets here.
        ({"replicas": {"canary": 2}}, 7.5),
        ({"replicas": {"canary": 3, "stable-during-canary": 2}}, 7.5),
    ],
)
def test_one_pod_is_asked_as_often_as_each_at_first_in_a_verdict(
    configured: Callable[..., Settings], table: dict[str, Any], rate: float
) -> None:
    found = configured(**table)
    assert load_alone(found.traffic, found.verdict, found.replicas)[0] == rate


@pytest.mark.parametrize(
    ("share", "found"),
    [(0.1, 0.5), (0.05, 0.5), (0.8, 0.5), (0.04, 0.04), (0.97, 0.97), (0.0, 0.0), (1.0, 1.0)],
)
def test_half_of_it_writes_where_reads_and_writes_are_told_apart(
    configured: Callable[..., Settings], share: float, found: float
) -> None:
    settings = configured(traffic={"writes": share, "slow": 2})
    traffic = load_alone(settings.traffic, settings.verdict, settings.replicas)[1]
    assert (traffic.writes, traffic.slow) == (found, 2)


def test_what_came_of_it_is_known_once_it_is_over(traffic: TrackTraffic) -> None:
    counts = iter([4, 10])
    alone = Alone(traffic, lambda: next(counts), seconds=1.0).start()
    sample = alone.end(Waiter(), patience=30)
    assert sample
    assert len(sample.requests) == len(traffic.ledger) >= 2
    assert sample.requests.answered.all()
    assert sample.rows == 7


def test_one_that_is_stopped_has_what_it_was_asked_by_then(traffic: TrackTraffic) -> None:
    alone = Alone(traffic, lambda: 0, seconds=600).start()
    until(lambda: len(traffic.ledger) > 2)
    alone.stop()
    sample = alone.end(Waiter(), patience=30)
    assert sample
    assert len(sample.requests) == len(traffic.ledger)


def test_nobody_waits_for_longer_than_it_may_take(traffic: TrackTraffic) -> None:
    """The seconds are the clock's, which is wound by hand."""
    alone = Alone(traffic, lambda: 0, seconds=600).start()
    clock = Clock()
    alone.end(Waiter(clock), patience=5)
    assert clock.time == pytest.approx(605, abs=1)


def test_what_can_not_be_asked_is_done_without(settings: Settings) -> None:
    broken = sends_by(Unstartable(settings.api, RuntimeError("no loop")))
    traffic = track_traffic_to({"stable": "http://127.0.0.1:1"}, settings, generate=broken)
    assert Alone(traffic, lambda: 0, seconds=0.1).start().end(Waiter(), patience=30) is None


def test_one_that_never_began_is_stopped_all_the_same(traffic: TrackTraffic) -> None:
    Alone(traffic, lambda: 0).stop()
    assert len(traffic.ledger) == 0
