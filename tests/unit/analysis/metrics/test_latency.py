"""Latencies on the whole: what is proven, what is disproven, and in which words."""

import math
from dataclasses import replace

import numpy
import pytest
from fakes.observed import around, compared, compared_all, observed, paused, requests, spread, timed

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.metrics.latency import LATENCY
from pytest_canary.analysis.metrics.slow_answers import SLOW_ANSWERS
from pytest_canary.analysis.warm_up import WARMS_UP


def test_latencies_of_one_distribution_are_a_go() -> None:
    found = compared(LATENCY, timed(around(0.1, 600, 1)), timed(around(0.1, 300, 2)))
    assert found.answer == "go"
    assert found.sentence.endswith("more, and 14.9 ms would matter")


def test_100_ms_more_are_told() -> None:
    slower = [each + 0.1 for each in around(0.01, 300, 3)]
    found = compared(LATENCY, timed(around(0.01, 600, 4)), timed(slower))
    assert found.answer == "no-go"
    assert found.sentence == (
        "the canary is 101 ms slower: it takes 110 ms in the median, the baseline 10 ms; "
        "it is 97.4 to 104 ms more, and 5 ms is too much"
    )


def test_100_ms_more_are_told_after_five_seconds() -> None:
    slower = [each + 0.1 for each in around(0.01, 75, 3)]
    found = compared(LATENCY, timed(around(0.01, 150, 4), window=5), timed(slower, window=5))
    assert found.answer == "no-go"


def test_a_millisecond_stops_nobody_however_certain_it_is() -> None:
    slower = [each + 0.001 for each in around(0.01, 1000, 5, 0.05)]
    found = compared(LATENCY, timed(around(0.01, 2000, 6, 0.05)), timed(slower), latency=0.05)
    assert found.p is not None
    assert found.p < 0.001
    assert (found.answer, found.least) == ("go", 0.005)
    # Nothing is to get better.
    assert found.sentence == (
        "the canary is 1.01 ms slower: it takes 11 ms in the median, the baseline 10 ms; "
        "it is at most 1.06 ms more, and 5 ms would matter"
    )


def test_latencies_that_are_all_the_same_are_a_go() -> None:
    found = compared(LATENCY, timed([0.01] * 600), timed([0.01] * 300))
    assert (found.answer, found.effect, found.p) == ("go", 0, 1)


def test_a_faster_canary_is_a_go() -> None:
    found = compared(LATENCY, timed(around(0.1, 600, 7)), timed(around(0.05, 300, 8)))
    assert found.answer == "go"
    assert "ms faster: it takes 5" in found.sentence


def test_few_and_scattered_latencies_prove_nothing() -> None:
    found = compared(LATENCY, timed(around(0.1, 80, 9, 1)), timed(around(0.1, 40, 10, 1)))
    assert found.answer == "inconclusive"
    assert "it may be" in found.sentence
    short = observed(requests(40, seconds=around(0.1, 40, 9), window=1.4))
    found = compared(
        LATENCY, short, observed(requests(40, seconds=around(0.1, 40, 10), window=1.4))
    )
    assert found.sentence.endswith("; that is too little to tell whether it is 14.6 ms more")


def test_versions_that_answered_one_after_the_other_are_not_compared() -> None:
    both = requests(300)
    found = compared(LATENCY, observed(both.where(both.due < 5)), observed(both.since(5)))
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == "the two versions did not answer at the same time"
    slow = compared(SLOW_ANSWERS, observed(both.where(both.due < 5)), observed(both.since(5)))
    assert slow.answer == "inconclusive"


def test_what_is_tolerated_stops_nobody() -> None:
    """10 of 15 ms, with a p far below the level."""
    baseline = timed(around(0.1, 900, 15))
    for more, answer in ((0.010, "go"), (0.013, "inconclusive"), (0.03, "no-go")):
        found = compared(LATENCY, baseline, timed([each + more for each in around(0.1, 900, 16)]))
        assert found.answer == answer
        assert found.p is not None
        assert found.p < 0.00125


@pytest.mark.parametrize("begins", [(4.2,), (0.0,), (2.1, 7.3)])
def test_a_pod_that_pauses_for_a_second_is_not_slower(begins: tuple[float, ...]) -> None:
    for seed in range(30, 40, 2):
        found = compared(LATENCY, paused(seed), paused(seed + 1, *begins))
        assert found.answer != "no-go"


def warming(seed: int, more: float, seconds: float, pace: float = 1.0) -> Observed:
    """600 answers of about 20 ms times the pace, and at first so many times more."""
    cold = more * numpy.exp(-requests(600).due / seconds)
    return timed(list(numpy.array(around(0.02, 600, seed)) * pace * (1 + cold)))


@pytest.mark.parametrize(("more", "seconds"), [(1, 4), (1, 10), (2, 5), (2, 10), (3, 15), (1, 20)])
def test_a_canary_that_is_still_warming_up_is_not_stopped(more: float, seconds: float) -> None:
    found = compared(LATENCY, warming(5, 0, 1), warming(6, more, seconds))
    assert found.answer == "inconclusive"
    assert "; it is getting better, as if it were still warming up; it may be " in found.sentence


def test_a_cold_start_is_left_out_and_told() -> None:
    baseline, canary = warming(5, 0, 1), replace(warming(8, 3, 1), age=20.0)
    found = compared(LATENCY, baseline, canary)
    assert found.answer == "go"
    assert found.sentence == (
        "the canary is 0.44 ms slower: it takes 20 ms in the median, the baseline 19 ms; the "
        "window's first 2 s are left out, as the canary was still getting faster then, from 59 "
        "ms; it is at most 1.46 ms more, and 5 ms would matter"
    )


def test_what_an_old_pod_does_is_no_cold_start() -> None:
    baseline, canary = warming(5, 0, 1), warming(6, 3, 3)
    assert "left out" in compared(LATENCY, baseline, replace(canary, age=20.0)).sentence
    for age in (40.5, math.inf):
        found = compared(LATENCY, baseline, replace(canary, age=age))
        assert "left out" not in found.sentence
        assert found.answer == "inconclusive"


def test_a_canary_that_is_slow_after_its_cold_start_does_not_pass() -> None:
    baseline, canary = warming(5, 0, 1), warming(6, 3, 1, pace=1.5)
    found = compared(LATENCY, baseline, replace(canary, age=30.0))
    assert "the window's first " in found.sentence
    assert found.answer == "inconclusive"


def test_a_canary_that_still_gets_better_after_the_limit_is_not_stopped() -> None:
    baseline, canary = warming(5, 0, 1), warming(6, 3, 8)
    found = compared(LATENCY, baseline, replace(canary, age=35.0))
    assert "the window's first 3 s are left out" in found.sentence
    assert WARMS_UP in found.sentence
    assert found.answer == "inconclusive"


def test_what_is_answered_far_too_late_in_a_cold_start_counts() -> None:
    baseline, canary = warming(5, 0, 1), replace(warming(8, 3, 1), age=20.0)
    assert compared(LATENCY, baseline, canary).answer == "go"
    assert compared(SLOW_ANSWERS, baseline, canary).answer == "inconclusive"


def test_of_canaries_slower_by_what_matters_no_more_pass_for_being_young() -> None:
    passed = {20.0: 0, math.inf: 0}
    for seed in range(40):
        baseline = timed(around(0.1, 300, 2 * seed))
        canary = timed([1.15 * each for each in around(0.1, 300, 2 * seed + 1)])
        for age in passed:
            found = compared(LATENCY, baseline, replace(canary, age=age))
            passed[age] += found.answer == "go"
    assert passed[20.0] <= passed[math.inf] <= 3


def test_a_canary_that_has_just_become_ready_is_not_stopped_for_its_slowness() -> None:
    baseline, slow = warming(5, 0, 1), warming(6, 0, 1, pace=2)
    young = compared(LATENCY, baseline, replace(slow, age=29.0))
    assert (young.answer, young.level) == ("inconclusive", 0)
    assert compared(LATENCY, baseline, replace(slow, age=30.0)).answer == "no-go"


def test_a_canary_that_is_plainly_slow_is_stopped() -> None:
    found = compared(LATENCY, warming(5, 0, 1), warming(6, 0, 1, pace=1.5))
    assert found.answer == "no-go"
    assert "warming up" not in found.sentence


def mixed(count: int, seed: int, reads: float = 0.005, writes: float = 0.05) -> Observed:
    """A tenth of which write."""
    write = spread(count // 10, count)
    chance = numpy.random.default_rng(seed).lognormal(0, 0.1, count)
    return observed(
        requests(count, seconds=list(numpy.where(write, writes, reads) * chance), write=write)
    )


def test_reads_and_writes_have_latencies_of_their_own() -> None:
    found = compared_all(LATENCY, mixed(600, 1), mixed(600, 2, writes=0.1))
    assert [each.answer for each in found.values()] == ["go", "no-go"]
    assert list(found) == ["latency of reads", "latency of writes"]
    assert [each.level for each in found.values()] == [0.00125 / 2] * 2
    # Of what is rare, more is allowed: 0.15 of 50 ms, over the root of a tenth.
    assert found["latency of writes"].least == pytest.approx(0.15 * 0.05 / 0.1**0.5, rel=0.05)
    assert found["latency of writes"].sentence.startswith(
        "the canary is 48.4 ms slower with writes: it takes 9"
    )


def test_a_kind_of_which_there_are_too_few_is_told() -> None:
    found = compared_all(LATENCY, mixed(600, 1), mixed(150, 2))
    assert found["latency of reads"].answer == "go"
    assert found["latency of writes"].sentence == (
        "the canary has 15 answers to writes that are no error; latencies take 20"
    )


def cooling(seed: int, reads: float, *, pace: float = 1.0) -> Observed:
    """Reads that take so many times longer at first, and writes that always take as long."""
    write, count = spread(60, 600), 600
    chance = numpy.random.default_rng(seed).lognormal(0, 0.1, count)
    falls = numpy.linspace(reads, 1, count)
    took = numpy.where(write, 0.05 * pace, 0.02 * falls) * chance
    return observed(requests(count, seconds=list(took), write=write))


def test_slow_writes_of_a_pod_whose_reads_still_get_faster_stop_nobody() -> None:
    """A pod warms up for all that it is asked, and few writes show it less."""
    found = compared_all(LATENCY, cooling(1, 1), cooling(2, 1.5, pace=2))["latency of writes"]
    assert WARMS_UP in found.sentence
    assert (found.answer, found.level) == ("inconclusive", 0)


def test_reads_that_get_faster_in_both_excuse_no_slow_writes() -> None:
    found = compared_all(LATENCY, cooling(1, 1.5), cooling(2, 1.5, pace=2))["latency of writes"]
    assert "warming up" not in found.sentence
    assert found.answer == "no-go"
