"""A pod's memory: what it holds, and whether it leaks.

The worlds are a walk's: the canary is ready 17 s before the verdict, and a pod gets 15 requests a
second until then, and up to 100 in it, as a ramp has them. Memory is read every 2 s.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest
from fakes.observed import LIMITS, RULE, observed, read_until

from pytest_canary.analysis.comparison import Comparison
from pytest_canary.analysis.memory import Memory, Reading
from pytest_canary.analysis.metrics.memory import MEMORY, compare_held
from pytest_canary.config.settings import VerdictSettings as Limits

MB = 1e6
LIMIT = 192 * 2**20
BEFORE, SOON, WINDOW = 17.0, 5.75, 40.0
"""Seconds from the canary's readiness to its verdict, to the first look for a go, to the last."""

Held = Callable[[float, float, random.Random], float]
"""Bytes that a pod holds, by the requests that it has got, the seconds, and chance."""


# Apps.


def flat(requests: float, _: float, chance: random.Random) -> float:
    """CPython under aiohttp: some MB in its first requests, and then next to nothing."""
    return 60 * MB + 6 * MB * (1 - math.exp(-requests / 100)) + chance.gauss(0, 0.3) * MB


def creeping(requests: float, _: float, chance: random.Random) -> float:
    """Node, as it was measured: 48 MB at first, 54 after 150 requests, 64 after 2,000."""
    warm = 6 * MB * (1 - math.exp(-requests / 60))
    return 48 * MB + warm + 4e3 * requests + chance.gauss(0, 0.7) * MB


def heap(requests: float, _: float, chance: random.Random) -> float:
    """Java, as it was measured: 200 kB a request until its first collection at 256 MB."""
    touched = 116 * MB + max(0, requests - 300) * 200e3
    return min(touched, 256 * MB) + chance.gauss(0, 2) * MB


def warming(requests: float, _: float, chance: random.Random) -> float:
    """20 MB for its first hundreds of requests, less and less."""
    return 50 * MB + 20 * MB * (1 - math.exp(-requests / 300)) + chance.gauss(0, 0.5) * MB


def cache(requests: float, _: float, chance: random.Random) -> float:
    """A cache of 25 MB, which 1,000 requests fill."""
    return 60 * MB + 25 * MB * min(requests / 1000, 1) + chance.gauss(0, 0.5) * MB


def sawtooth(height: float, every: int) -> Held:
    """A collector that clears so much after so many requests."""

    def held(requests: float, _: float, chance: random.Random) -> float:
        return 70 * MB + height * (requests % every / every) + chance.gauss(0, 0.3) * MB

    return held


def leaking(app: Held, request: float = 0.0, second: float = 0.0) -> Held:
    """The app, which keeps so many bytes of each request, and takes so many each second."""

    def held(requests: float, seconds: float, chance: random.Random) -> float:
        return app(requests, seconds, chance) + request * requests + second * seconds

    return held


SMALL = [flat, creeping, warming, cache, sawtooth(15 * MB, 150), sawtooth(30 * MB, 400)]


# Walks.


def got(seconds: float) -> float:
    """How many requests a pod has got so long after the canary became ready."""
    requests, moment, rate = 15 * min(seconds, BEFORE), BEFORE, 15.0
    while moment < seconds:
        step = min(0.5, seconds - moment)
        requests, moment, rate = requests + rate * step, moment + step, min(100.0, rate * 1.5)
    return requests


def read(
    app: Held, seed: int, *, older: float = 0.0, every: float = 2.0, limit: float | None = LIMIT
) -> Memory:
    """Everything that is read of a pod, which had got `older` requests before."""
    chance = random.Random(seed)
    first = chance.random() * every
    moments = [first + every * each for each in range(int((BEFORE + WINDOW - first) / every) + 1)]
    return Memory([Reading(at, got(at), app(got(at) + older, at, chance)) for at in moments], limit)


def walk(baseline: Memory, canary: Memory) -> tuple[float, str, tuple[Comparison, ...]]:
    """When memory lets a verdict be said, in seconds from its beginning; which; and why."""
    seconds = SOON
    while True:
        now = min(seconds, WINDOW)
        found = compare_held(
            read_until(BEFORE + now, baseline), read_until(BEFORE + now, canary), Limits()
        )
        answers = {each.answer for each in found}
        if "no-go" in answers:
            return now, "no-go", found
        if answers == {"go"} or now == WINDOW:
            return now, "go" if answers == {"go"} else "inconclusive", found
        seconds += 1


def answers(
    baseline: Held, canary: Held, runs: int = 8, older: float = 100.0, **how: float
) -> list[tuple[float, str]]:
    """How walks end, and when; the baseline is the older one."""
    walks = (
        walk(
            read(baseline, seed, older=older + 37 * seed, **how),
            read(canary, seed + 1000, **how),
        )
        for seed in range(runs)
    )
    return [(seconds, answer) for seconds, answer, _ in walks]


@pytest.mark.parametrize("app", SMALL)
def test_two_that_are_alike_are_a_go_with_the_other_metrics_or_when_they_are_warm(
    app: Held,
) -> None:
    found = answers(app, app)
    assert {answer for _, answer in found} == {"go"}
    assert max(seconds for seconds, _ in found) < 25


@pytest.mark.parametrize("app", [flat, creeping])
def test_a_go_need_not_wait_for_memory(app: Held) -> None:
    assert [seconds for seconds, _ in answers(app, app)] == [SOON] * 8


@pytest.mark.parametrize("app", SMALL)
def test_a_pod_that_is_older_has_done_with_warming_up(app: Held) -> None:
    assert {answer for _, answer in answers(app, app, older=2000)} == {"go"}


@pytest.mark.parametrize("app", SMALL)
def test_what_kubelets_tell_every_10_s_is_enough(app: Held) -> None:
    assert {answer for _, answer in answers(app, app, every=10)} == {"go"}


@pytest.mark.parametrize("limit", [300 * MB, 768 * 2**20])
def test_a_heap_that_is_touched_for_the_first_time_is_no_leak(limit: float) -> None:
    assert {answer for _, answer in answers(heap, heap, limit=limit)} == {"go"}
    warm = [read(heap, seed, older=2000, limit=limit) for seed in range(20)]
    found = {walk(each, read(heap, 20 + seed, limit=limit))[1] for seed, each in enumerate(warm)}
    assert "no-go" not in found, "it holds no more than the baseline does"


@pytest.mark.parametrize("app", SMALL)
def test_a_leak_of_70_kb_a_request_is_never_a_go(app: Held) -> None:
    """It would reach a limit of 192Mi after 2,000 requests; 3.4 minutes, with ten a second."""
    found = answers(app, leaking(app, 70e3))
    assert {answer for _, answer in found} == {"no-go"}
    assert max(seconds for seconds, _ in found) < 20


@pytest.mark.parametrize("app", [flat, creeping, warming])
def test_a_leak_that_takes_half_of_the_horizon_is_never_a_go(app: Held) -> None:
    assert {answer for _, answer in answers(app, leaking(app, 28e3))} == {"no-go"}


@pytest.mark.parametrize("app", [flat, creeping, warming])
def test_what_leaks_whether_it_is_asked_or_not_is_never_a_go(app: Held) -> None:
    """A megabyte a second."""
    assert {answer for _, answer in answers(app, leaking(app, second=1 * MB))} == {"no-go"}


def test_a_leak_under_a_heap_that_grows_anyway_is_no_go() -> None:
    found = answers(heap, leaking(heap, 256e3), limit=768 * 2**20)
    assert {answer for _, answer in found} == {"no-go"}


def test_a_leak_that_both_have_is_a_go_when_it_is_no_warm_up() -> None:
    found = answers(leaking(flat, 70e3), leaking(flat, 70e3))
    assert {answer for _, answer in found} == {"go"}
    # Half a minute, which began 17 s before.
    assert min(seconds for seconds, _ in found) >= 13
    baseline, canary = (
        read_until(BEFORE + 5, read(leaking(flat, 70e3), seed, older=older))
        for seed, older in ((1, 100), (2, 0))
    )
    growth, level = compare_held(baseline, canary, Limits())
    assert (growth.answer, level.answer) == ("inconclusive", "go")
    assert growth.sentence.endswith(", which takes 30 s to tell from two that only warm up")


@pytest.mark.parametrize(("leak", "stopped"), [(0.0, False), (20e3, True)])
def test_a_canary_is_watched_on_when_the_baseline_is_not_any_more(
    leak: float, stopped: bool
) -> None:
    """A verdict's go is provisional until the canary is deleted."""
    baseline = read_until(BEFORE + SOON, read(flat, 1, older=100))
    found = compare_held(baseline, read(leaking(flat, leak), 2), Limits())
    assert ("no-go" in [each.answer for each in found]) is stopped


def test_a_leak_is_told_with_what_it_comes_to() -> None:
    _, answer, (growth, _) = walk(read(flat, 1, older=100), read(leaking(flat, 70e3), 2))
    assert answer == growth.answer == "no-go"
    assert growth.sentence == (
        "a pod of the canary grows by 72 MB in 1,000 requests and goes on, one of the baseline by "
        "1 MB; after 1,401 requests more it comes to its limit of 201 MB"
    )


def test_a_leak_by_the_second_is_told_by_the_minute() -> None:
    canary = read(leaking(flat, second=1 * MB), 2)
    growth, _ = compare_held(read(flat, 1, older=100), canary, Limits())
    assert growth.answer == "no-go"
    assert " MB in a minute and goes on" in growth.sentence
    assert growth.sentence.endswith(" s more it comes to its limit of 201 MB")


# Line by line.


def holding(
    *megabytes: float, every: float = 5, rate: float = 60, limit: float | None = LIMIT
) -> Memory:
    """Read every so many seconds, at so many requests a second."""
    return Memory(
        [Reading(every * at, every * at * rate, each * MB) for at, each in enumerate(megabytes)],
        limit,
    )


FLAT = (60, 61, 60, 62, 61, 60, 61)


@pytest.mark.parametrize(
    ("canary", "growth", "level", "why"),
    [
        ((61, 60, 62, 61, 60, 61, 62), "go", "go", "noise of some megabytes"),
        ((60, 85, 110, 135, 160, 185, 210), "no-go", "no-go", "83 kB a request"),
        ((60, 68, 75, 83, 90, 98, 105), "no-go", "no-go", "25 kB a request"),
        ((60, 65, 70, 75, 80, 85, 89), "inconclusive", "go", "it may be a cache of 30 MB"),
        ((60, 62, 63, 65, 66, 68, 69), "go", "go", "10 MB in 1,800 requests"),
        ((80, 80, 81, 80, 80, 81, 80), "go", "go", "20 MB more all along"),
        ((40, 62, 79, 82, 83, 83, 83), "go", "go", "a cache that fills at first"),
        ((20, 40, 55, 60, 60, 61, 60), "go", "go", "one that has come to what the baseline holds"),
        ((10, 18, 26, 34, 42, 50, 58), "inconclusive", "go", "one that holds less so far"),
        ((120, 121, 120, 121, 120, 121, 120), "go", "no-go", "twice as much all along"),
        ((61, 61, 61, 300, 61, 61, 61), "go", "go", "one odd reading"),
        ((60, 90, 60, 100, 60, 110, 120), "go", "inconclusive", "one that comes and goes"),
        ((100, 90, 80, 70, 60, 55, 50), "go", "go", "it shrinks"),
    ],
)
def test_what_grows_and_what_is_held(
    canary: Sequence[float], growth: str, level: str, why: str
) -> None:
    found = compare_held(holding(*FLAT), holding(*canary), LIMITS)
    assert [each.metric for each in found] == ["memory growth", "memory"]
    assert [each.answer for each in found] == [growth, level], why


def test_what_a_pod_holds_is_told() -> None:
    _, level = compare_held(holding(*FLAT), holding(*[120] * 7), LIMITS)
    assert level.sentence == (
        "a pod of the canary holds 120 MB, one of the baseline 60 MB; 30 MB more is too much"
    )
    unsteady = holding(60, 90, 60, 100, 60, 110, 120)
    _, level = compare_held(holding(*FLAT), unsteady, LIMITS)
    assert level.sentence.endswith(
        "30 MB more is too much, but it held 60 MB and the baseline's 62 MB a moment before"
    )


def test_growth_that_may_end_is_told() -> None:
    growth, _ = compare_held(holding(*FLAT), holding(60, 65, 70, 75, 80, 85, 89), LIMITS)
    assert growth.sentence == (
        "a pod of the canary grows by 58 MB in a minute and goes on, one of the baseline by 2 MB; "
        "after 119 s more it comes to its limit of 201 MB, unless it only warms up"
    )


def test_a_pod_that_shrinks_grows_by_nothing() -> None:
    growth, _ = compare_held(holding(*FLAT), holding(100, 90, 80, 70, 60, 55, 50), LIMITS)
    assert growth.answer == "go"
    assert growth.sentence == (
        "a pod of the canary does not go on growing, one of the baseline grows by 1 MB in 1,000 "
        "requests; 15 MB more would be too much"
    )


def test_a_small_pod_may_be_twice_as_large() -> None:
    found = compare_held(holding(*[10] * 7), holding(*[20] * 7), LIMITS)
    assert [each.answer for each in found] == ["go", "go"]
    assert found[1].least == 16e6


def test_the_nearer_the_limit_is_the_less_may_it_grow() -> None:
    growing = (60, 68, 75, 83, 90, 98, 105)
    answers = [
        compare_held(holding(*FLAT), holding(*growing, limit=limit), LIMITS)[0].answer
        for limit in (128 * 2**20, LIMIT, 1024 * 2**20)
    ]
    assert answers == ["no-go", "no-go", "go"]
    # Right below it, growth can't be told from an allocator's any better.
    full = holding(*[190] * 7)
    assert compare_held(full, full, LIMITS)[0].answer == "go"


def test_a_baseline_that_shrinks_accuses_nobody() -> None:
    shrinking = holding(200, 180, 160, 140, 120, 100, 80)
    assert compare_held(shrinking, holding(*FLAT), LIMITS)[0].answer == "go"


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([], "none yet"),
        ([(0, 6e7), (20, 6e7)], "two"),
        ([(0, 6e7), (0, 6e7), (20, 6e7)], "one of them twice"),
        ([(0, 6e7), (4, 6e7), (9, 6e7)], "in too short a time"),
    ],
)
def test_memory_takes_three_readings(readings: Sequence[tuple[float, float]], why: str) -> None:
    few = Memory([Reading(at, 60 * at, held) for at, held in readings], LIMIT)
    for baseline in (few, None):
        (found,) = compare_held(baseline, holding(*FLAT), LIMITS)
        assert (found.answer, found.p) == ("inconclusive", None), why
        assert found.sentence == "the baseline's memory was not measured 3 times over 10 s"
    (found,) = compare_held(holding(*FLAT), few, LIMITS)
    assert found.sentence == "the canary's memory was not measured 3 times over 10 s"


def test_a_short_verdict_is_content_with_a_third_of_its_seconds() -> None:
    early = read_until(5, holding(*FLAT, every=2.5))
    (found,) = compare_held(early, early, Limits(seconds=18))
    assert found.sentence == "the baseline's memory was not measured 3 times over 6 s"
    assert len(compare_held(early, early, Limits(seconds=15))) == 2


def test_a_leak_takes_so_many_requests_to_be_told_from_a_warm_up() -> None:
    growth, level = compare_held(holding(*FLAT, rate=8), holding(*FLAT, rate=8), LIMITS)
    assert (growth.answer, level.answer) == ("inconclusive", "go")
    assert growth.sentence == (
        "the baseline's memory was measured over 240 requests; a leak can be told from a warm-up "
        "after 256 requests"
    )


def test_where_nothing_is_asked_memory_is_held_against_time() -> None:
    idle, leak = holding(*FLAT, rate=0), holding(60, 90, 120, 150, 180, 210, 240, rate=0)
    assert [each.answer for each in compare_held(idle, idle, LIMITS)] == ["go", "go"]
    growth, _ = compare_held(idle, leak, LIMITS)
    assert growth.answer == "no-go"
    assert " in a minute and goes on" in growth.sentence


def test_without_a_limit_only_what_is_held_is_compared() -> None:
    leak = holding(60, 90, 120, 150, 180, 210, 240, limit=None)
    (level,) = compare_held(holding(*FLAT), leak, LIMITS)
    assert (level.metric, level.answer) == ("memory", "no-go")
    baseline, canary = observed(memory=holding(*FLAT)), observed(memory=leak)
    assert MEMORY.omitted(baseline, canary) == (
        "memory growth: the canary has no memory limit, and nobody may ask for its node's"
    )


def test_memory_that_nobody_tells_is_omitted() -> None:
    untold, told = observed(memory=None), observed(memory=holding(*FLAT))
    assert MEMORY.compare(untold, untold, LIMITS, RULE) == ()
    assert MEMORY.omitted(untold, untold) == "memory: this cluster doesn't tell what pods hold"
    assert MEMORY.omitted(untold, told) == ""
    assert [each.answer for each in MEMORY.compare(told, told, LIMITS, RULE)] == ["go", "go"]
