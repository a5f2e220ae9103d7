"""Answers that hang, and that latencies take some answers."""

import re
from dataclasses import replace
from typing import Any

import numpy
import pytest
from fakes.observed import (
    RULE,
    around,
    compared,
    compared_all,
    observed,
    paused,
    requests,
    spread,
    timed,
)

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.metrics.latency import LATENCY
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.metrics.slow_answers import LEVELS, SLOW_ANSWERS, pause_of
from pytest_canary.analysis.requests import Requests


@pytest.mark.parametrize("metric", [LATENCY, SLOW_ANSWERS])
@pytest.mark.parametrize(
    ("canary", "baseline", "who"),
    [(19, 100, "canary has 19"), (100, 5, "baseline has 5"), (0, 0, "canary has 0")],
)
def test_latencies_take_some_answers(metric: Metric, canary: int, baseline: int, who: str) -> None:
    found = compared(metric, timed([0.1] * baseline), timed([0.1] * canary))
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == (f"the {who} answers to requests that are no error; latencies take 20")


def test_some_answers_that_hang_are_found_though_the_median_says_nothing() -> None:
    usual, hanging = timed(around(0.1, 600, 11)), around(0.1, 300, 12)
    hanging[::10] = [1.0] * 30
    assert compared(LATENCY, usual, timed(hanging)).answer != "no-go"
    found = compared(SLOW_ANSWERS, usual, timed(hanging))
    assert found.answer == "no-go"
    assert found.sentence == (
        "10.3 % of the canary's answers take more than 324 ms, 0.0 % of the baseline's; "
        "it is 7.31 to 14.3 points more, and 3 points is too much"
    )


def test_answers_that_hang_for_both_versions_stop_nobody() -> None:
    usual, canary = around(0.1, 1200, 13), around(0.1, 600, 14)
    usual[::50], canary[::50] = [1.0] * 24, [1.0] * 12
    assert compared(SLOW_ANSWERS, timed(usual), timed(canary)).answer == "go"


def mixed(count: int, seed: int, slow: float = 0.0, seconds: float = 0.06) -> Observed:
    """Reads of 5 ms, of which a part is slow, and a tenth that write in 50 ms."""
    chance = numpy.random.default_rng(seed)
    write = numpy.array(spread(count // 10, count))
    took = numpy.where(write, 0.05, 0.005) * chance.lognormal(0, 0.1, count)
    took[(chance.random(count) < slow) & ~write] = seconds
    return observed(requests(count, seconds=list(took), write=list(write)))


@pytest.mark.parametrize("slow", [0.1, 0.2, 1 / 3])
def test_reads_that_take_twelve_times_as_long_are_a_no_go(slow: float) -> None:
    found = compared_all(SLOW_ANSWERS, mixed(600, 1), mixed(600, 2, slow))
    assert [each.answer for each in found.values()] == ["no-go", "go"]
    assert list(found) == ["slow answers of reads", "slow answers of writes"]
    assert " of the canary's reads take more than " in found["slow answers of reads"].sentence
    # The shift of the whole says nothing of it.
    assert compared_all(LATENCY, mixed(600, 1), mixed(600, 2, slow))["latency of reads"].answer == (
        "go"
    )


def test_kinds_that_differ_in_nothing_are_a_go() -> None:
    for seed in range(0, 10, 2):
        found = compared_all(SLOW_ANSWERS, mixed(600, seed, 0.1), mixed(600, seed + 1, 0.1))
        assert [each.answer for each in found.values()] == ["go", "go"]
    assert [each.level for each in found.values()] == [0.00125 / 2 / len(LEVELS)] * 2
    assert found["slow answers of writes"].least == pytest.approx(0.3)


def test_what_lies_between_the_baselines_own_slow_ones_and_its_median_is_seen() -> None:
    """6 % of the baseline's take 1 s, and 35 % of the canary's."""
    baseline, canary = around(0.01, 600, 17), around(0.01, 600, 18)
    baseline[::17] = [1.0] * len(baseline[::17])
    canary[::3] = [1.0] * 200
    found = compared(SLOW_ANSWERS, timed(baseline), timed(canary))
    assert found.answer == "no-go"


def hanging(every: int, count: int = 300) -> Observed:
    """Every so many is still awaited, since it was due."""
    waiting = numpy.array(spread(count // every, count))
    due = requests(count).due
    return observed(
        requests(count, seconds=list(numpy.where(waiting, 10 - due, 0.1)), waiting=list(waiting))
    )


def test_slow_ones_that_still_wait_prove_a_no_go() -> None:
    found = compared(SLOW_ANSWERS, observed(600), hanging(6))
    assert found.answer == "no-go"
    assert found.sentence == (
        "16.3 % of the canary's answers take more than 205 ms, 0.0 % of the baseline's; "
        "it is 12.5 to 21.3 points more, and 3 points is too much"
    )


@pytest.mark.parametrize("answered", [0, 10])
def test_a_canary_that_answers_next_to_nothing_is_a_no_go(answered: int) -> None:
    waiting = ~numpy.array(spread(answered, 300))
    seconds = numpy.where(waiting, 10 - requests(300).due, 0.1)
    silent = observed(requests(300, seconds=list(seconds), waiting=list(waiting)))
    assert compared(LATENCY, observed(600), silent).answer == "inconclusive"
    found = compared(SLOW_ANSWERS, observed(600), silent)
    assert found.answer == "no-go"
    assert " of the canary's answers take more than 205 ms, 0.0 % of the" in found.sentence


def test_what_has_just_been_sent_is_doubt_and_not_slow() -> None:
    waiting = spread(30, 300)
    fresh = observed(requests(300, seconds=0.001, waiting=waiting))
    found = compared(SLOW_ANSWERS, observed(600), fresh)
    assert (found.answer, found.canary, found.p) == ("inconclusive", 0, 1)
    assert found.sentence.endswith("it may be 13.9 points more, and 3 points would matter")


@pytest.mark.parametrize("begins", [(4.2,), (0.5,), (2.1, 7.3), (3.0, 5.5)])
@pytest.mark.parametrize("seconds", [0.8, 1.0, 2.0])
def test_pauses_of_a_healthy_pod_are_no_no_go_and_no_go(
    begins: tuple[float, ...], seconds: float
) -> None:
    found = compared(SLOW_ANSWERS, paused(3), paused(4, *begins, seconds=seconds))
    assert found.answer == "inconclusive"
    assert found.p is not None
    assert found.p >= 0.0625


def test_a_canary_that_is_still_warming_up_is_not_stopped() -> None:
    cold = 1 + 3 * numpy.exp(-requests(600).due / 10)
    baseline = timed(around(0.02, 600, 5))
    canary = timed(list(numpy.array(around(0.02, 600, 6)) * cold))
    found = compared(SLOW_ANSWERS, baseline, canary)
    assert found.answer == "inconclusive"
    assert found.sentence == (
        "28.7 % of the canary's answers take more than 70 ms, 0.0 % of the baseline's; it is "
        "getting better, as if it were still warming up; it may be 38.2 points more, and 3 points "
        "would matter"
    )


def test_one_that_has_just_become_ready_is_not_stopped_and_later_it_is() -> None:
    slow = observed(requests(300, seconds=1.0))
    assert compared(SLOW_ANSWERS, observed(600), replace(slow, age=29.0)).answer == "inconclusive"
    assert compared(SLOW_ANSWERS, observed(600), slow).answer == "no-go"


@pytest.mark.parametrize("limits", [{"errors": 0.5}, {"errors": 1.0}])
def test_limits_that_let_everything_pass_let_it_pass(limits: dict[str, Any]) -> None:
    found = compared(SLOW_ANSWERS, observed(600), observed(300), **limits)
    assert (found.answer, found.least) == ("go", 1)


# One pause in a whole window.

LAST = replace(RULE, last=True)


def stalled(seed: int, *begins: float, seconds: float = 0.8, window: float = 40.0) -> Observed:
    """Some 10 ms an answer, 15 a second, but for the pauses, in which all wait for their ends."""
    count = int(15 * window)
    due = requests(count, window=window).due
    took = numpy.array(around(0.01, count, seed))
    for begin in begins:
        late = (due >= begin) & (due < begin + seconds)
        took[late] = numpy.maximum(took[late], begin + seconds - due[late])
    return timed(list(took), window=window)


@pytest.mark.parametrize("begin", [0.0, 2.2, 20.0, 39.5])
@pytest.mark.parametrize("seconds", [0.8, 1.0, 1.9])
def test_one_pause_in_a_whole_window_is_a_go_and_is_told(begin: float, seconds: float) -> None:
    found = compared(SLOW_ANSWERS, stalled(3), stalled(4, begin, seconds=seconds), LAST)
    assert found.answer == "go"
    assert re.search(r"; one pause is left out, 2 s from \d+ s into the window on$", found.sentence)


def test_before_its_end_nobody_knows_that_it_is_one() -> None:
    assert compared(SLOW_ANSWERS, stalled(3), stalled(4, 2.2)).answer == "inconclusive"


@pytest.mark.parametrize(
    ("begins", "seconds"), [((2.2, 20.0), 0.8), ((5.0, 20.0, 35.0), 0.3), ((20.0,), 5.0)]
)
def test_two_pauses_or_a_long_one_are_not_left_out(
    begins: tuple[float, ...], seconds: float
) -> None:
    found = compared(SLOW_ANSWERS, stalled(3), stalled(4, *begins, seconds=seconds), LAST)
    assert found.answer != "go"
    assert "pause" not in found.sentence


@pytest.mark.parametrize("other", [0.0, 0.3, 0.5])
def test_two_are_not_left_out_though_few_were_asked_in_one(other: float) -> None:
    """The rate rises as the window begins: 10 a second, and 100 from 3 s on."""
    rises = 10 * numpy.arange(0, 3, 0.001) + 15 * numpy.arange(0, 3, 0.001) ** 2
    due = numpy.concatenate(
        [
            numpy.interp(numpy.arange(165), rises, numpy.arange(0, 3, 0.001)),
            numpy.arange(3, 40, 0.01),
        ]
    )

    def asked(seed: int, *begins: float) -> Observed:
        took = numpy.array(around(0.01, len(due), seed))
        for begin in begins:
            took = numpy.where((due >= begin) & (due < begin + 0.8), begin + 0.8 - due, took)
        return observed(Requests.of(due, took))

    assert compared(SLOW_ANSWERS, asked(3), asked(4, 20.0), LAST).answer == "go"
    found = compared(SLOW_ANSWERS, asked(3), asked(4, other, 20.0), LAST)
    assert found.answer == "inconclusive"
    assert "pause" not in found.sentence


def test_one_slow_answer_beside_it_is_no_other_pause_where_few_are_asked() -> None:
    """Two a second: until the next is good takes as long as a pause."""
    due = numpy.arange(0, 40, 0.5)
    took = numpy.full(80, 0.01)
    pause = (due >= 20) & (due < 21.8)
    took[pause] = 21.8 - due[pause]
    took[10] = 0.5
    canary = Requests.of(due, took)
    limit = 0.1
    assert pause_of(canary, limit) == 20.0
    took[11] = 0.5
    assert pause_of(Requests.of(due, took), limit) is None, "two, one after the other, are one"


def test_another_that_reaches_the_windows_end_is_one() -> None:
    due = numpy.arange(0, 40, 0.02)
    took = numpy.full(2000, 0.01)
    for begin in (10.0, 39.2):
        pause = (due >= begin) & (due < begin + 0.9)
        took[pause] = begin + 0.9 - due[pause]
    assert pause_of(Requests.of(due, took), 0.1) is None
    assert pause_of(Requests.of(due[:1950], took[:1950]), 0.1) == 10.0


def test_one_that_goes_on_is_not_left_out() -> None:
    """A canary that stops answering as the window ends."""
    usual = stalled(4).requests
    silent = usual.due >= 39.7
    waiting = replace(
        usual, seconds=numpy.where(silent, 40.1 - usual.due, usual.seconds), waiting=silent
    )
    found = compared(SLOW_ANSWERS, stalled(3), observed(waiting), LAST)
    assert found.answer == "inconclusive"
    assert "pause" not in found.sentence


@pytest.mark.parametrize(("seconds", "told"), [(1.9, True), (2.5, False), (8.0, False)])
def test_one_that_lasts_is_none_though_few_were_asked_meanwhile(seconds: float, told: bool) -> None:
    """So many wait after two seconds that no more are sent."""
    found = stalled(4, 20.0, seconds=seconds).requests
    asked = found.where((found.due < 21.7) | (found.due >= 20 + seconds))
    sentence = compared(SLOW_ANSWERS, stalled(3), observed(asked), LAST).sentence
    assert ("one pause is left out" in sentence) == told


def test_one_that_lasts_is_none_though_most_of_it_comes_as_it_ends() -> None:
    """The rate rises as the window begins."""
    found = stalled(4, 0.0, seconds=4.0).requests
    asked = found.where((found.due > 2.2) | (numpy.arange(len(found)) % 5 == 0))
    assert "pause" not in compared(SLOW_ANSWERS, stalled(3), observed(asked), LAST).sentence


def test_an_answer_that_hangs_anyway_makes_no_pause_longer() -> None:
    found = stalled(4, 20.0, seconds=1.5).requests
    hangs = numpy.isclose(found.due, found.due[found.due >= 20.5][0])
    made = replace(found, seconds=numpy.where(hangs, 3.0, found.seconds))
    told = compared(SLOW_ANSWERS, stalled(3), observed(made), LAST)
    assert (told.answer, "one pause is left out" in told.sentence) == ("go", True)


def test_in_a_short_window_it_is_not_left_out() -> None:
    short = stalled(3, window=29.0), stalled(4, 2.2, window=29.0)
    assert compared(SLOW_ANSWERS, *short, LAST).answer == "inconclusive"


def test_slow_ones_here_and_there_are_no_pause() -> None:
    took = around(0.01, 600, 4)
    took[::30] = [0.5] * 20
    found = compared(SLOW_ANSWERS, stalled(3), timed(took, window=40.0), LAST)
    assert found.answer != "go"
    assert "pause" not in found.sentence
