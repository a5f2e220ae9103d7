"""A pod's memory: what it holds, and whether it leaks."""

from dataclasses import replace

import pytest
from fakes.observed import LIMITS, RULE, observed, requests

from pytest_canary.analysis.comparison import Comparison, Observed
from pytest_canary.analysis.metrics.memory import MEMORY


def compare(baseline: Observed, canary: Observed) -> tuple[Comparison, ...]:
    return MEMORY.compare(baseline, canary, LIMITS, RULE)


def holding(*megabytes: float, every: float = 5, asked: int = 300, pods: int = 1) -> Observed:
    points = [(every * at, each * 1e6) for at, each in enumerate(megabytes)]
    return observed(asked, memory=points, pods=pods)


FLAT = (60, 61, 60, 62, 61, 60, 61)


@pytest.mark.parametrize(
    ("canary", "growth", "level", "why"),
    [
        ((61, 60, 62, 61, 60, 61, 62), "go", "go", "noise of some megabytes"),
        ((60, 85, 110, 135, 160, 185, 210), "no-go", "no-go", "5 MB/s"),
        ((60, 68, 75, 83, 90, 98, 105), "no-go", "no-go", "1.5 MB/s"),
        ((60, 63, 66, 69, 72, 75, 78), "go", "go", "less than 30 MB in the window"),
        ((80, 80, 81, 80, 80, 81, 80), "go", "go", "20 MB more all along"),
        ((40, 62, 79, 82, 83, 83, 83), "inconclusive", "go", "a cache that fills at first"),
        ((120, 121, 120, 121, 120, 121, 120), "go", "no-go", "twice as much all along"),
        ((61, 61, 61, 300, 61, 61, 61), "go", "go", "one odd measurement"),
        ((100, 90, 80, 70, 60, 55, 50), "go", "go", "it shrinks"),
    ],
)
def test_memory(canary: tuple[float, ...], growth: str, level: str, why: str) -> None:
    found = compare(holding(*FLAT), holding(*canary))
    assert [each.metric for each in found] == ["memory growth", "memory"]
    assert [each.answer for each in found] == [growth, level], why


def test_a_leak_is_told() -> None:
    leak, level = compare(holding(*FLAT), holding(60, 90, 120, 150, 180, 210, 240))
    assert leak.sentence == (
        "a pod of the canary grows by 180 MB in 30 s, one of the baseline by 0 MB under such a "
        "load; 30 MB more is too much"
    )
    assert level.sentence == (
        "a pod of the canary holds 225 MB, one of the baseline 60 MB; 30 MB more is too much"
    )


def test_a_leak_of_a_megabyte_a_request_is_found_in_a_third_of_the_window() -> None:
    leak, _ = compare(
        holding(60, 61, 60, 61, 60, 61, every=2),
        holding(*(60 + 17 * 2 * at for at in range(6)), every=2, asked=170),
    )
    assert leak.answer == "no-go"


def test_growth_that_does_not_last_is_told() -> None:
    leak, _ = compare(holding(*FLAT), holding(60, 61, 60, 61, 90, 91, 92))
    assert leak.answer == "inconclusive"
    assert leak.sentence.endswith("30 MB more is too much, but it does not grow steadily")


def test_a_few_megabytes_are_no_leak_yet_at_whatever_rate_they_came() -> None:
    early = holding(60, 62.2, 64.4, 66.6, 68.8, 71, every=2)
    leak, _ = compare(holding(*FLAT), early)
    assert leak.answer == "inconclusive"
    assert leak.sentence == (
        "a pod of the canary grows by 33 MB in 30 s, one of the baseline by 0 MB under such a "
        "load; 30 MB more is too much, but 9 MB so far are no proof"
    )


def test_a_pod_that_shrinks_is_said_to() -> None:
    leak, _ = compare(holding(*FLAT), holding(100, 90, 80, 70, 60, 55, 50))
    assert leak.answer == "go"
    assert leak.sentence.startswith("a pod of the canary shrinks by ")


def test_a_small_pod_may_be_twice_as_large() -> None:
    small, double = holding(*[10] * 7), holding(*[20] * 7)
    assert [each.answer for each in compare(small, double)] == ["go", "go"]
    assert compare(small, double)[1].least == 16e6


def test_memory_may_grow_as_the_baselines_does_for_as_many_requests() -> None:
    growing = holding(60, 70, 80, 90, 100, 110, 120, asked=600, pods=2)
    assert compare(growing, growing)[0].answer == "go"
    # A pod of the canary that gets twice as many requests may grow twice as fast.
    double = holding(60, 80, 100, 120, 140, 160, 180, asked=600, pods=1)
    assert compare(growing, double)[0].answer == "go"
    assert compare(growing, replace(double, requests=requests(300)))[0].answer == "no-go"


def test_a_baseline_that_shrinks_accuses_nobody() -> None:
    shrinking = holding(200, 180, 160, 140, 120, 100, 80)
    assert compare(shrinking, holding(*FLAT))[0].answer == "go"


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (None, "nothing measured"),
        ([], "nothing measured yet"),
        ([(0, 6e7), (20, 6e7)], "two measurements"),
        ([(0, 6e7), (0, 6e7), (20, 6e7)], "one of them twice"),
        ([(0, 6e7), (4, 6e7), (9, 6e7)], "not a third of the window"),
    ],
)
def test_memory_takes_three_measurements(
    points: list[tuple[float, float]] | None, why: str
) -> None:
    (found,) = compare(observed(memory=points), holding(*FLAT))
    assert (found.answer, found.p) == ("inconclusive", None), why
    assert found.sentence == "the baseline's memory was not measured 3 times over 10 s"
    (found,) = compare(holding(*FLAT), observed(memory=points))
    assert found.sentence == "the canary's memory was not measured 3 times over 10 s"


def test_memory_is_compared_where_neither_version_got_a_request() -> None:
    idle = holding(*FLAT, asked=0)
    assert [each.answer for each in compare(idle, idle)] == ["go", "go"]


def test_memory_that_nobody_tells_is_omitted() -> None:
    untold = observed(memory=None)
    assert compare(untold, untold) == ()
    assert MEMORY.omitted(untold, untold) == "memory: this cluster doesn't tell what pods hold"
    assert MEMORY.omitted(untold, holding(*FLAT)) == ""
