"""What goes into the measurement of canary and baseline, and how long it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fakes.clock import Clock
from fakes.pages import (
    CANARY,
    FIRST,
    STABLE,
    Pods,
    checked,
    failed,
    limited,
    pages_of,
    pod,
    resident,
    unready,
)

from pytest_canary.analysis.memory import Memory
from pytest_canary.analysis.reference import Reference, Sample
from pytest_canary.analysis.requests import Requests
from pytest_canary.core.errors import TrafficError
from pytest_canary.core.waiting import Waiter
from pytest_canary.sides.asked import Asked, DueTimes
from pytest_canary.sides.measurement import Measurement, settling_time
from pytest_canary.sides.memory_watch import MemoryWatch

BRIEF = {"seconds": 10}
"""A window that is over soon, as each of its many looks takes its time."""


class Load(Asked):
    """Requests that come as steadily as the clock goes.

    Attributes:
        rates: requests a second, to the baseline and to the canary; and of these
        errors: the share that fails, and
        seconds: how long each answer takes.
        kept_back: the share of what was due that was not sent.
        why: what is told as trouble.
        broken: whether it broke off.
        steps: how often more might have been asked.
        eased: how often it was to be no more than beside a verdict, and
        disregarded: how often nothing so far was to decide on it.
    """

    by_track = True

    def __init__(self, clock: Clock) -> None:
        self.rates = 30.0, 15.0
        self.errors = 0.0, 0.0
        self.seconds = 0.010, 0.010
        self.kept_back, self.why = 0.0, ""
        self.broken = False
        self.steps = self.eased = self.looked = self.disregarded = 0
        self._clock = clock

    def now(self) -> float:
        return self._clock.time + 100

    def due(self, begin: float, end: float) -> int:
        return int(max(self.rates) * max(end - begin, 0))

    def requests(self, begin: float, end: float) -> tuple[Requests, Requests]:
        self.looked += 1
        if self.broken:
            raise TrafficError("the traffic to each track broke off after 7 requests")
        baseline, canary = (
            self._requests(begin, end, *each)
            for each in zip(self.rates, self.errors, self.seconds, strict=True)
        )
        return baseline, canary

    @staticmethod
    def _requests(begin: float, end: float, rate: float, errors: float, took: float) -> Requests:
        numbers = range(int(rate * max(end - begin, 0)))
        return Requests.of(
            [begin + number / rate for number in numbers],
            [took + number % 7 / 1000 for number in numbers],
            [int((number + 1) * errors) > int(number * errors) for number in numbers],
        )

    def due_times(self, begin: float, end: float) -> DueTimes:
        baseline, canary = self.requests(begin, end)
        return DueTimes(baseline.due.tolist(), canary.due.tolist(), ())

    def unsent(self, begin: float, end: float) -> float:
        return self.kept_back

    def trouble(self) -> str:
        return self.why

    def keep_up(self) -> None:
        self.steps += 1

    def disregard(self) -> None:
        self.disregarded += 1

    def ease(self) -> None:
        self.eased += 1


@pytest.fixture
def load(pods: Pods) -> Load:
    return Load(pods.clock)


def watch(pods: Pods, grows: float = 0.0, **table: Any) -> MemoryWatch:
    """Has looked every 4 s, for 20 s, before the verdict begins.

    Args:
        grows: megabytes by which the canary does so from look to look, from 60 on; 0 where pages
            are shown already.
    """
    settings = checked(table)
    made = MemoryWatch(
        {"stable": STABLE, "canary": CANARY},
        pods,
        pods.observer,
        pages_of(pods, settings),
        ["app:1"],
        clock=pods.clock.monotonic,
    )
    for look in range(6):
        if grows:
            pods.show(FIRST, resident(60 + grows * look))
        made.look()
        pods.clock.sleep(4)
    return made


def window(
    pods: Pods,
    load: Load,
    before: Reference | None = None,
    rows: Callable[[], int] = lambda: 0,
    grows: float = 0.0,
    **table: Any,
) -> Measurement:
    memory = watch(pods, grows, **table)
    settings = checked(table)
    return Measurement(
        pods,
        pods.observer,
        Waiter(pods.clock),
        load,
        settings.verdict,
        settings.traffic.slow,
        baseline=STABLE,
        canary=CANARY,
        pages=pages_of(pods, settings),
        memory=memory,
        before=before,
        rows=rows,
    )


# The verdict.


def test_two_that_are_alike_are_a_go_before_the_time_is_up(pods: Pods, load: Load) -> None:
    measurement, began = window(pods, load), pods.clock.time
    verdict = measurement.judge()
    assert (verdict.answer, verdict.final) == ("go", True)
    assert pods.clock.time - began < 30
    assert verdict.requests[1] >= 253


def test_a_canary_that_fails_is_a_no_go_early(pods: Pods, load: Load) -> None:
    load.errors = 0.0, 0.2
    measurement, began = window(pods, load), pods.clock.time
    verdict = measurement.judge()
    assert verdict.answer == "no-go"
    assert pods.clock.time - began < 15


def test_a_canary_that_is_not_asked_is_inconclusive_at_the_end(pods: Pods, load: Load) -> None:
    load.rates = 45.0, 0.001
    measurement = window(pods, load, verdict=BRIEF)
    began = pods.clock.time
    verdict = measurement.judge()
    assert (verdict.answer, verdict.sentence) == (
        "inconclusive",
        "0 requests of the canary, at least 253 are needed",
    )
    assert pods.clock.time - began >= 10


def test_more_may_be_asked_all_along_and_no_more_afterwards(pods: Pods, load: Load) -> None:
    window(pods, load).judge()
    assert load.steps > 4 * 10
    assert load.eased == 1


def test_a_look_that_keeps_the_generator_waiting_says_nothing_of_the_load(
    pods: Pods, load: Load
) -> None:
    verdict = window(pods, load).judge()
    assert load.disregarded == verdict.looks > 0


def test_requests_are_looked_at_only_where_a_look_may_be_due(pods: Pods, load: Load) -> None:
    load.rates = 30.0, 30.0
    verdict = window(pods, load).judge()
    # Each time once to know how slow the slowest are, and once for the look itself.
    assert load.looked <= 2 * (verdict.looks + 1) + load.steps // 4 < 2 * load.steps


def test_traffic_that_breaks_off_is_told_and_asks_no_more(pods: Pods, load: Load) -> None:
    measurement = window(pods, load)
    load.broken = True
    with pytest.raises(TrafficError, match="broke off after 7 requests"):
        measurement.judge()
    assert load.eased == 1


def test_what_this_machine_did_not_send_is_nobodys_fault(pods: Pods, load: Load) -> None:
    """Not even the canary's, whose answers look worse than they are."""
    load.errors, load.kept_back = (0.0, 0.2), 0.013
    verdict = window(pods, load, verdict=BRIEF).judge()
    assert verdict.answer == "inconclusive"
    assert verdict.sentence.startswith(
        "the load generator could not keep up: 1.3 % of the requests were not sent; lower "
        "verdict.rate, or free the machine, which has a load average of "
    )
    assert re.search(r" [\d.]+ on \d+ cores(; busiest just now: .+ cores\))?$", verdict.sentence)


def test_one_in_a_hundred_may_be_unsent(pods: Pods, load: Load) -> None:
    load.kept_back = 0.01
    assert window(pods, load).judge().answer == "go"


def test_addresses_that_lead_nowhere_are_nobodys_fault(pods: Pods, load: Load) -> None:
    load.errors = 0.0, 0.2
    load.why = "for 5 s the addresses of canary and stable could not be led to the pods"
    verdict = window(pods, load, verdict=BRIEF).judge()
    assert (verdict.answer, verdict.sentence) == ("inconclusive", load.why)


def test_what_is_not_answered_yet_is_left_out_until_it_is_slow(pods: Pods, load: Load) -> None:
    measurement = window(pods, load)
    pods.clock.sleep(10)
    baseline, _ = measurement.observe()
    # Twice 16 ms, and 10 ms more, are less than one request's turn.
    assert len(baseline.requests) == 298
    load.seconds = 3.0, 3.0
    baseline, _ = measurement.observe()
    assert len(baseline.requests) == 270


def test_how_long_that_is_goes_by_the_baselines_slowest() -> None:
    def answered(*seconds: float) -> Requests:
        return Requests.of([0.0] * len(seconds), seconds)

    assert settling_time(answered(), slow=1.0) == 1.0
    assert settling_time(answered(*[0.01] * 99, 0.3), slow=1.0) == pytest.approx(0.03)
    assert settling_time(answered(*[0.01] * 90, *[0.3] * 10), slow=1.0) == pytest.approx(0.61)
    assert settling_time(answered(0.9), slow=1.0) == 1.0


# What is observed.


def test_both_are_observed_by_their_deployments(pods: Pods, load: Load) -> None:
    baseline, canary = window(pods, load).observe()
    assert (baseline.pods, canary.pods) == (2, 1)
    assert (baseline.restarts, canary.restarts) == (0, 0)
    assert (baseline.unready, canary.unready) == (0, 0)
    assert (baseline.age, canary.age) == (60, 60)


def test_what_was_before_the_canary_is_the_baselines(pods: Pods, load: Load) -> None:
    before = Reference((Sample(Requests.of([0.0, 1.0], [0.01, 0.02])),), slow=1)
    baseline, canary = window(pods, load, before).observe()
    assert baseline.before is before
    assert canary.before is None


def test_how_many_rows_there_are_is_asked_at_each_look(pods: Pods, load: Load) -> None:
    counts = iter([3, 3, 8, 8])
    measurement = window(pods, load, rows=lambda: next(counts))
    assert [each.rows for each in measurement.observe()] == [3, 3]
    assert [each.rows for each in measurement.observe()] == [8, 8]


def test_counters_are_held_against_the_requests_until_they_were_read(
    pods: Pods, load: Load
) -> None:
    """They count what was asked since, which `requests` may leave out, and the other way round."""
    pods.show(FIRST, failed(5))
    measurement = window(pods, load)
    pods.clock.sleep(4)
    measurement.measure()
    pods.clock.sleep(4)
    _, canary = measurement.observe()
    assert (len(canary.requests), canary.counted) == (119, 60)
    # The baseline shows none, so that nothing is counted for it.
    assert measurement.observe()[0].counted == 0


def test_a_page_that_came_once_counts_no_request_after_it(pods: Pods, load: Load) -> None:
    """A canary that shows its counters no more would hide what they count."""
    pods.show(FIRST, failed(5))
    measurement = window(pods, load)
    pods.clock.sleep(4)
    measurement.measure()
    pods.pages.clear()
    pods.clock.sleep(20)
    measurement.measure()
    _, canary = measurement.observe()
    assert canary.counters == {"jobs_failed_total": [0.0, 0.0]}
    assert canary.counted == 60
    assert len(canary.requests) > 300


def test_memory_is_what_was_watched_before(pods: Pods, load: Load) -> None:
    for name in pods.names:
        pods.change(name, limited("192Mi"))
        pods.show(name, resident(40 if "canary" in name else 20))
    baseline, canary = window(pods, load).observe()
    assert baseline.memory
    assert canary.memory
    assert [each.held for each in baseline.memory.readings] == [20e6] * 6
    assert [each.held for each in canary.memory.readings] == [40e6] * 6
    assert canary.memory.limit == 192 * 2**20


@pytest.mark.parametrize(("grows", "answer"), [(0.0, "go"), (12.0, "no-go")])
def test_a_verdict_waits_for_nothing_that_was_seen_before(
    pods: Pods, load: Load, grows: float, answer: str
) -> None:
    for name in pods.names:
        pods.change(name, limited("192Mi"))
        pods.show(name, resident(60))
    load.rates = 80.0, 80.0
    measurement = window(pods, load, grows=grows)
    began = pods.clock.time
    verdict = measurement.judge()
    assert verdict.answer == answer
    assert pods.clock.time - began < 6
    names = [each.metric for each in verdict.comparisons]
    assert "memory growth" in names


def test_memory_that_nobody_tells_is_none(pods: Pods, load: Load) -> None:
    pods.kubelet_fails = True
    baseline, canary = window(pods, load).observe()
    assert (baseline.memory, canary.memory) == (None, None)


def test_a_canary_that_is_ready_too_late_to_be_watched_is_no_go_yet(pods: Pods, load: Load) -> None:
    for name in pods.names:
        pods.show(name, resident(40))
    pods.change(FIRST, unready)
    measurement = window(pods, load, verdict=BRIEF)
    _, canary = measurement.observe()
    assert canary.memory == Memory(())
    pods.put(pod(CANARY, 0))
    assert measurement.observe()[1].memory == Memory(())
    verdict = measurement.judge()
    assert verdict.answer == "inconclusive"
    lacks = [each.sentence for each in verdict.comparisons if each.metric == "memory"]
    assert lacks == ["the baseline's memory was not measured 3 times over 3 s"]
