"""One metric against the baseline's: what is proven, what is disproven, and in which words."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_canary.analysis import memory
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    counter,
    decided,
    errors,
    latency,
    restarts,
    shown,
    slow_answers,
)
from pytest_canary.analysis.statistics import Difference

RULE = Rule(confidence=0.95, level=0.00125)


def observed(requests: int = 300, errors: int = 0, **others: Any) -> Observed:
    values: dict[str, Any] = {"latencies": [], "restarts": 0} | others
    return Observed(requests, errors, **values)


def timed(latencies: list[float]) -> Observed:
    return observed(len(latencies), latencies=latencies)


def around(seconds: float, count: int, seed: int, spread: float = 0.3) -> list[float]:
    chance = random.Random(seed)
    return [seconds * chance.lognormvariate(0, spread) for _ in range(count)]


@pytest.mark.parametrize(
    ("canary", "baseline", "answer", "sentence"),
    [
        (
            (0, 300),
            (0, 600),
            "go",
            "0 of 300 requests to the canary failed (0.0 %), and 0 of 600 to the baseline (0.0 %); "
            "it is at most 1.26 points more, and 1.5 points would matter",
        ),
        (
            (15, 300),
            (0, 600),
            "no-go",
            "15 of 300 requests to the canary failed (5.0 %), and 0 of 600 to the baseline "
            "(0.0 %); it is 2.95 to 8.08 points more, and 1.5 points is too much",
        ),
        (
            (0, 30),
            (0, 60),
            "inconclusive",
            "0 of 30 requests to the canary failed (0.0 %), and 0 of 60 to the baseline (0.0 %); "
            "it may be 11.4 points more, and 1.5 points would matter",
        ),
    ],
)
def test_error_rates(
    canary: tuple[int, int], baseline: tuple[int, int], answer: str, sentence: str
) -> None:
    found = errors(observed(baseline[1], baseline[0]), observed(canary[1], canary[0]), RULE, 0.015)
    assert (found.answer, found.sentence) == (answer, sentence)
    assert (found.least, found.confidence, found.level) == (0.015, 0.95, 0.00125)


@pytest.mark.parametrize(
    ("canary", "baseline", "why"),
    [
        ((2, 100), (0, 1000), "two errors may be chance"),
        ((60, 6000), (0, 12000), "1 % is certain, but matters to nobody"),
        ((10, 300), (20, 600), "as many as the baseline's, but up to 2.9 points more are possible"),
    ],
)
def test_an_error_rate_that_is_not_proven_either_way_stops_nobody(
    canary: tuple[int, int], baseline: tuple[int, int], why: str
) -> None:
    found = errors(observed(baseline[1], baseline[0]), observed(canary[1], canary[0]), RULE, 0.015)
    assert found.answer != "no-go", why


def test_a_difference_can_be_certain_and_yet_a_go() -> None:
    found = errors(observed(12000), observed(6000, 60), RULE, 0.015)
    assert found.p is not None
    assert found.p < 1e-20
    assert found.answer == "go"


def test_the_more_errors_the_worse_the_answer() -> None:
    answers = [errors(observed(800), observed(400, n), RULE, 0.015).answer for n in range(40)]
    order = ["go", "inconclusive", "no-go"]
    assert [order.index(each) for each in answers] == sorted(order.index(a) for a in answers)
    assert set(answers) == set(order)


@pytest.mark.parametrize(("canary", "baseline", "who"), [(0, 9, "canary"), (9, 0, "baseline")])
def test_without_a_request_there_is_no_error_rate(canary: int, baseline: int, who: str) -> None:
    found = errors(observed(baseline), observed(canary), RULE, 0.015)
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == f"no request went to the {who}"


def test_latencies_of_one_distribution_are_a_go() -> None:
    found = latency(timed(around(0.1, 600, 1)), timed(around(0.1, 300, 2)), RULE, 0.15)
    assert found.answer == "go"
    assert found.sentence.endswith("more, and 14.9 ms would matter")


def test_100_ms_more_are_told_after_fifty_answers() -> None:
    slower = [each + 0.1 for each in around(0.01, 50, 3)]
    found = latency(timed(around(0.01, 100, 4)), timed(slower), RULE, 0.15)
    assert found.answer == "no-go"
    assert found.sentence == (
        "the canary is 100 ms slower: it takes 111 ms in the median, the baseline 10 ms; "
        "it is 99.3 to 101 ms more, and 5 ms is too much"
    )


def test_a_millisecond_stops_nobody_however_certain_it_is() -> None:
    slower = [each + 0.001 for each in around(0.01, 1000, 5, 0.05)]
    found = latency(timed(around(0.01, 2000, 6, 0.05)), timed(slower), RULE, 0.05)
    assert found.p is not None
    assert found.p < 0.001
    assert (found.answer, found.least) == ("go", 0.005)


def test_latencies_that_are_all_the_same_are_a_go() -> None:
    found = latency(timed([0.01] * 600), timed([0.01] * 300), RULE, 0.15)
    assert (found.answer, found.effect, found.p) == ("go", 0, 1)


def test_a_faster_canary_is_a_go() -> None:
    found = latency(timed(around(0.1, 600, 7)), timed(around(0.05, 300, 8)), RULE, 0.15)
    assert found.answer == "go"
    assert "ms faster: it takes 5" in found.sentence


def test_few_and_scattered_latencies_prove_nothing() -> None:
    found = latency(timed(around(0.1, 40, 9, 1)), timed(around(0.1, 20, 10, 1)), RULE, 0.15)
    assert found.answer == "inconclusive"
    assert "it may be" in found.sentence
    found = latency(
        timed(around(0.1, 40, 9)), timed(around(0.1, 20, 10)), Rule(1 - 1e-12, 1e-12), 0.15
    )
    assert found.sentence.endswith("; that is too little to tell whether it is 14.6 ms more")


@pytest.mark.parametrize("compare", [latency, slow_answers])
@pytest.mark.parametrize(
    ("canary", "baseline", "who"),
    [(19, 100, "canary has 19"), (100, 5, "baseline has 5"), (0, 0, "canary has 0")],
)
def test_latencies_take_some_answers(
    compare: Callable[..., Comparison], canary: int, baseline: int, who: str
) -> None:
    found = compare(timed([0.1] * baseline), timed([0.1] * canary), RULE, 0.15)
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == f"the {who} answers that are no error; latencies take 20"


def test_some_answers_that_hang_are_found_though_the_median_says_nothing() -> None:
    usual, hanging = timed(around(0.1, 600, 11)), around(0.1, 300, 12)
    hanging[::10] = [1.0] * 30
    assert latency(usual, timed(hanging), RULE, 0.15).answer == "go"
    found = slow_answers(usual, timed(hanging), RULE, 0.03)
    assert found.answer == "no-go"
    assert found.sentence == (
        "10.3 % of the canary's answers take more than 324 ms, 0.0 % of the baseline's; "
        "it is 7.31 to 14.3 points more, and 3 points is too much"
    )


def test_answers_that_hang_for_both_versions_stop_nobody() -> None:
    usual, canary = around(0.1, 1200, 13), around(0.1, 600, 14)
    usual[::50], canary[::50] = [1.0] * 24, [1.0] * 12
    assert slow_answers(timed(usual), timed(canary), RULE, 0.03).answer == "go"


@pytest.mark.parametrize(
    ("baseline", "canary", "answer"),
    [
        (0, 0, "go"),
        (0, 1, "no-go"),
        (3, 0, "go"),
        (1, 2, "inconclusive"),
        (None, 0, "inconclusive"),
        (0, None, "inconclusive"),
    ],
)
def test_restarts(baseline: int | None, canary: int | None, answer: str) -> None:
    found = restarts(observed(restarts=baseline), observed(restarts=canary))
    assert (found.answer, found.p) == (answer, None)


def test_restarts_are_told() -> None:
    assert restarts(observed(), observed(restarts=2)).sentence == (
        "the canary's containers restarted 2 times in the window, the baseline's not at all"
    )
    assert restarts(observed(), observed(restarts=None)).sentence == (
        "nobody counted the containers' restarts"
    )


def holding(*megabytes: float, every: float = 5, requests: int = 300, pods: int = 1) -> Observed:
    points = [(every * at, each * 1e6) for at, each in enumerate(megabytes)]
    return observed(requests, memory=points, pods=pods)


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
    found = memory.compare(holding(*FLAT), holding(*canary), 0.5, 30)
    assert [each.metric for each in found] == ["memory growth", "memory"]
    assert [each.answer for each in found] == [growth, level], why


def test_a_leak_is_told() -> None:
    leak, level = memory.compare(holding(*FLAT), holding(60, 90, 120, 150, 180, 210, 240), 0.5, 30)
    assert leak.sentence == (
        "a pod of the canary grows by 180 MB in 30 s, one of the baseline by 0 MB under such a "
        "load; 30 MB more is too much"
    )
    assert level.sentence == (
        "a pod of the canary holds 225 MB, one of the baseline 60 MB; 30 MB more is too much"
    )


def test_a_leak_of_a_megabyte_a_request_is_found_in_a_third_of_the_window() -> None:
    leak, _ = memory.compare(
        holding(60, 61, 60, 61, 60, 61, every=2),
        holding(*(60 + 17 * 2 * at for at in range(6)), every=2, requests=170),
        0.5,
        30,
    )
    assert leak.answer == "no-go"


def test_growth_that_does_not_last_is_told() -> None:
    leak, _ = memory.compare(holding(*FLAT), holding(60, 61, 60, 61, 90, 91, 92), 0.5, 30)
    assert leak.answer == "inconclusive"
    assert leak.sentence.endswith("30 MB more is too much, but it does not grow steadily")


def test_a_few_megabytes_are_no_leak_yet_at_whatever_rate_they_came() -> None:
    early = holding(60, 62.2, 64.4, 66.6, 68.8, 71, every=2)
    leak, _ = memory.compare(holding(*FLAT), early, 0.5, 30)
    assert leak.answer == "inconclusive"
    assert leak.sentence == (
        "a pod of the canary grows by 33 MB in 30 s, one of the baseline by 0 MB under such a "
        "load; 30 MB more is too much, but 9 MB so far are no proof"
    )


def test_a_pod_that_shrinks_is_said_to() -> None:
    leak, _ = memory.compare(holding(*FLAT), holding(100, 90, 80, 70, 60, 55, 50), 0.5, 30)
    assert leak.answer == "go"
    assert leak.sentence.startswith("a pod of the canary shrinks by ")


def test_a_small_pod_may_be_twice_as_large() -> None:
    small, double = holding(*[10] * 7), holding(*[20] * 7)
    assert [each.answer for each in memory.compare(small, double, 0.5, 30)] == ["go", "go"]
    assert memory.compare(small, double, 0.5, 30)[1].least == 16e6


def test_memory_may_grow_as_the_baselines_does_for_as_many_requests() -> None:
    growing = holding(60, 70, 80, 90, 100, 110, 120, requests=600, pods=2)
    assert memory.compare(growing, growing, 0.5, 30)[0].answer == "go"
    # A pod of the canary that gets twice as many requests may grow twice as fast.
    double = holding(60, 80, 100, 120, 140, 160, 180, requests=600, pods=1)
    assert memory.compare(growing, double, 0.5, 30)[0].answer == "go"
    assert memory.compare(growing, replace(double, requests=300), 0.5, 30)[0].answer == "no-go"


def test_a_baseline_that_shrinks_accuses_nobody() -> None:
    shrinking = holding(200, 180, 160, 140, 120, 100, 80)
    assert memory.compare(shrinking, holding(*FLAT), 0.5, 30)[0].answer == "go"


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
    (found,) = memory.compare(observed(memory=points), holding(*FLAT), 0.5, 30)
    assert (found.answer, found.p) == ("inconclusive", None), why
    assert found.sentence == "the baseline's memory was not measured 3 times over 10 s"
    (found,) = memory.compare(holding(*FLAT), observed(memory=points), 0.5, 30)
    assert found.sentence == "the canary's memory was not measured 3 times over 10 s"


def test_memory_is_compared_where_neither_version_got_a_request() -> None:
    idle = holding(*FLAT, requests=0)
    assert [each.answer for each in memory.compare(idle, idle, 0.5, 30)] == ["go", "go"]


@pytest.mark.parametrize(
    ("baseline", "canary", "answer", "words"),
    [
        (
            0,
            0,
            "go",
            "it is at most 1.23 in 100 requests more, and 1.5 in 100 requests would matter",
        ),
        (
            0,
            15,
            "no-go",
            "it is 2.71 to 8.25 in 100 requests more, and 1.5 in 100 requests is too much",
        ),
        (600, 300, "inconclusive", "it may be 14.3 in 100 requests more"),
        (600, 900, "no-go", "grew by 900 in 300 requests to the canary, by 600 in the baseline's"),
    ],
)
def test_counters(baseline: float, canary: float, answer: str, words: str) -> None:
    name = "jobs_failed_total"
    found = counter(
        name,
        observed(600, counters={name: baseline}),
        observed(300, counters={name: canary}),
        RULE,
        0.015,
    )
    assert (found.metric, found.answer) == (name, answer)
    assert words in found.sentence


def test_a_counter_is_held_against_the_requests_until_it_was_read() -> None:
    name = "jobs_failed_total"
    canary = replace(observed(90, counters={name: 6}), counted=120)
    baseline = replace(observed(180, counters={name: 0}), counted=240)
    found = counter(name, baseline, canary, RULE, 0.015)
    assert found.canary == 6 / 120
    assert found.sentence.startswith(
        "jobs_failed_total grew by 6 in 120 requests to the canary, by 0 in the baseline's 240; "
    )


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.9, 1.2, "it is 900 ms to 1.2 s more, and 5 ms is too much"),
        (0.01, 0.02, "it is 10 to 20 ms more, and 5 ms is too much"),
        (0.01, 0.01, "it is 10 ms more, and 5 ms is too much"),
        (0.01, math.inf, "it is at least 10 ms more, and 5 ms is too much"),
    ],
)
def test_a_no_go_tells_how_much_more_it_is(low: float, high: float, words: str) -> None:
    found = decided(
        "latency", "seconds", (0.0, 1.0), Difference(1.0, low, high, 0.0), RULE, 0.005, "slow"
    )
    assert found.sentence == f"slow; {words}"


def test_a_go_tells_how_much_less_it_is() -> None:
    found = decided(
        "latency", "seconds", (1.0, 0.9), Difference(-0.1, -0.2, -0.05, 1.0), RULE, 0.005, "quick"
    )
    assert (found.answer, found.sentence) == ("go", "quick; it is at least 50 ms less")


def test_a_counter_that_the_canary_lost_is_no_go_for_lack_of_data() -> None:
    found = counter(
        "a_total", observed(counters={"a_total": 0.0}), observed(counters={}), RULE, 0.1
    )
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == "the canary has no a_total, which the baseline has"


@pytest.mark.parametrize(
    ("count", "answer"), [(0, "go"), (4, "inconclusive"), (90, "inconclusive")]
)
def test_a_counter_that_is_new_can_be_harmless_but_not_worse(count: float, answer: str) -> None:
    found = counter(
        "a_total", observed(counters=None), observed(counters={"a_total": count}), RULE, 0.015
    )
    assert found.answer == answer
    assert "the baseline has no such counter" in found.sentence


@pytest.mark.parametrize(("baseline", "canary"), [(0, 9), (9, 0)])
def test_a_counter_takes_requests(baseline: int, canary: int) -> None:
    both = [observed(each, counters={"a_total": 3.0}) for each in (baseline, canary)]
    found = counter("a_total", *both, RULE, 0.015)
    assert (found.answer, found.p) == ("inconclusive", None)


@pytest.mark.parametrize(
    "values",
    [
        {"latencies": [math.nan]},
        {"latencies": [math.inf]},
        {"latencies": [-0.1]},
        {"latencies": [0.1] * 11},
        {"errors": 1, "latencies": [0.1] * 10},
        {"errors": 11},
        {"errors": -1},
        {"memory": [(0.0, math.nan)]},
        {"counters": {"a_total": math.nan}},
        {"counters": {"a_total": -1.0}},
        {"pods": 0},
    ],
)
def test_what_can_not_have_been_observed_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"finite|errors in|latencies of|no pod"):
        observed(10, **values)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0506, "share", "5.1 %"),
        (0.0124, "seconds", "12 ms"),
        (1.26, "seconds", "1.3 s"),
        (2.5e9, "bytes", "2,500 MB"),
        (1200, "times", "1,200"),
        (0.0214, "a request", "0.021"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float, unit: Any, text: str) -> None:
    assert shown(value, unit) == text
