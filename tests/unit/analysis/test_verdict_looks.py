"""How often the judge looks, and how rarely it is wrong for all of its looks."""

from collections import Counter
from typing import Any

import numpy
import pytest
from fakes.observed import read_until, requests
from fakes.verdicts import FLAT, LIMITS, final, holding, observed, tight
from scipy.stats import binom

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import GO_LOOKS, LOOKS, Judge, least_requests_for_go
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.statistics import share_difference
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.config.settings import VerdictSettings as Limits

STEPS = [each / 60 for each in range(1, 61)]
"""Every half second of the window."""


def until_final(baseline: Observed, canary: Observed, limits: Limits = LIMITS) -> Verdict:
    """The judge's last word on two versions that were observed for the whole window.

    Each half second, it is asked whether a look is due, on what was there by then.
    """
    judge, last = Judge(limits), None
    for passed in STEPS:
        parts = [part(each, passed * limits.seconds) for each in (baseline, canary)]
        if judge.due(passed, *(len(each.requests) for each in parts)):
            last = judge.look(passed, *parts)
            if last.final:
                return last
    raise AssertionError("the last look is final")


def part(whole: Observed, seconds: float) -> Observed:
    """What was there after so many seconds."""
    asked = whole.requests
    return Observed(
        asked.where(asked.due < seconds),
        restarts=0,
        memory=whole.memory and read_until(seconds, whole.memory),
    )


def at_rate(rate: int, errors: float = 0.0, seed: int = 0, **others: Any) -> Observed:
    """So many requests a second, for the whole window."""
    count = rate * 30
    failed = numpy.random.default_rng(seed).random(count) < errors
    made = requests(count, list(failed), tight(count), window=30)
    values: dict[str, Any] = {"restarts": 0, "memory": FLAT} | others
    return Observed(made, **values)


def test_a_go_comes_as_soon_as_there_is_enough() -> None:
    found = until_final(at_rate(34), at_rate(17))
    assert (found.answer, found.requests[1]) == ("go", 255)


def test_with_more_requests_it_comes_sooner() -> None:
    # Memory, which is watched from the beginning of the window here, is waited for.
    found = until_final(at_rate(100), at_rate(100))
    assert (found.answer, found.requests[1]) == ("go", 1250)


def test_looks_are_due_at_parts_of_the_window_and_when_a_go_can_be_said() -> None:
    judge = Judge(LIMITS)
    few = observed(99), observed(50)
    assert not judge.due(0.09, 99, 50)
    assert judge.due(0.1, 99, 50)
    judge.look(0.1, *few)
    assert not judge.due(0.1, 99, 50)
    assert judge.due(0.15, 99, 50)
    judge.look(0.15, *few)
    assert judge.due(0.192, 100, 253)
    assert not judge.due(0.192, 99, 253)
    assert not judge.due(0.192, 100, 252)
    assert judge.due(1.0, 0, 0)


def test_no_go_is_said_before_what_comes_every_five_seconds_is_seen() -> None:
    judge, plenty = Judge(LIMITS), observed(5000)
    early = judge.look(0.19, plenty, plenty)
    assert (early.answer, early.final) == ("inconclusive", False)
    assert not judge.due(0.19, 10**6, 10**6)
    assert judge.look(0.192, plenty, plenty).answer == "go"
    # A window that is shorter is looked at in the end.
    short = Judge(LIMITS.model_copy(update={"seconds": 4}))
    assert not short.due(0.09, 5000, 5000)
    assert short.look(1.0, plenty, plenty).answer == "go"


def test_parts_that_were_missed_are_no_looks() -> None:
    judge = Judge(LIMITS)
    judge.look(0.55, observed(99), observed(50))
    assert not judge.due(0.59, 99, 50)
    assert judge.due(0.6, 99, 50)


def test_nothing_wrong_so_far_is_not_a_go_yet() -> None:
    judge = Judge(LIMITS)
    # Too little of memory is there, so this look leaves the first go unused.
    early = judge.look(
        0.2, observed(800, memory=read_until(3, FLAT)), observed(400, memory=read_until(3, FLAT))
    )
    assert (early.answer, early.final) == ("inconclusive", False)
    assert not judge.due(0.21, 878, 439)
    assert judge.due(0.21, 882, 441)
    found = judge.look(0.21, observed(900), observed(450))
    assert found.answer == "go"
    assert {each.confidence for each in found.comparisons if each.interval} == {0.95}


def test_a_go_that_failed_is_asked_for_again_soon_and_then_with_twice_as_much() -> None:
    judge = Judge(LIMITS)
    stray = observed(600), observed(300, 1)
    assert judge.look(0.192, *stray).answer == "inconclusive"
    assert not judge.due(0.195, 719, 359)
    assert judge.due(0.195, 720, 360)
    again = judge.look(0.195, observed(720), observed(360, 1))
    assert again.answer == "inconclusive"
    assert not judge.due(0.198, 1439, 719)
    assert judge.due(0.198, 1440, 720)
    found = judge.look(0.198, observed(1440), observed(720))
    assert found.answer == "go"
    # A tenth of the risk is the second look's, and another that of the three until the last.
    assert confidences(again) == {round(1 - 2 * 0.005, 6)}
    assert {round(1 - 2 * 0.005 / 3, 6)} <= confidences(found)


def test_what_one_look_has_proven_the_next_need_not_prove_as_strictly() -> None:
    """With 360 requests, no look but the first proves anything of errors."""
    judge = Judge(LIMITS)
    slower = observed(300, seconds=tight(300, more=0.0049))
    first = judge.look(0.192, observed(300), slower)
    assert doubted(first) == {"latency"}
    found = judge.look(0.195, observed(360), observed(360))
    assert found.answer == "go"
    assert confidences(found) == {0.95, 0.99}


def test_what_one_look_has_proven_the_next_may_doubt() -> None:
    judge = Judge(LIMITS)
    slower = observed(300, seconds=tight(300, more=0.0049))
    assert doubted(judge.look(0.192, observed(300), slower)) == {"latency"}
    failing = observed(360, 3, counters=None)
    assert doubted(judge.look(0.195, observed(360, counters=None), failing)) == {"errors"}


def doubted(found: Verdict) -> set[str]:
    """What the verdict lacks for a go."""
    return {each.metric for each in found.comparisons if each.answer != "go"}


def test_the_first_look_for_a_go_waits_a_little_for_an_answer() -> None:
    judge = Judge(LIMITS)
    hanging = observed(260, waiting=[True] + [False] * 259)
    assert judge.look(0.192, observed(260), hanging).answer == "inconclusive"
    assert not judge.due(0.195, 285, 285)
    assert judge.due(0.195, 286, 286)
    found = judge.look(0.195, observed(286), observed(286))
    assert found.answer == "go"
    # It is the first look still.
    assert confidences(found) == {0.95}


def test_it_does_not_wait_for_long() -> None:
    judge = Judge(LIMITS)
    hanging = observed(310, waiting=[True] + [False] * 309)
    assert judge.look(0.192, observed(310), hanging).answer == "inconclusive"
    assert confidences(judge.look(0.198, observed(380), observed(380))) >= {0.99}


def test_what_waits_for_something_else_is_asked_for_again_soon() -> None:
    """A canary that is too young to be stopped for its slowness, or memory not measured yet."""
    judge = Judge(LIMITS)
    slow = observed(500, seconds=tight(500, more=0.1), memory=read_until(3, FLAT), age=10.0)
    assert judge.look(0.192, observed(500), slow).answer == "inconclusive"
    assert not judge.due(0.192, 600, 549)
    assert judge.due(0.192, 600, 1000)


def test_the_last_look_has_most_of_the_risk_that_is_left() -> None:
    judge = Judge(LIMITS)
    judge.look(0.192, observed(600), observed(300, 1))
    assert confidences(judge.look(1.0, observed(600), observed(300))) == {0.97}
    assert confidences(Judge(LIMITS).look(1.0, observed(600), observed(300))) == {0.95}


def confidences(found: Verdict) -> set[float]:
    """Of every interval."""
    return {round(each.confidence or 0, 6) for each in found.comparisons if each.interval}


def test_a_go_can_be_said_so_often_and_no_more() -> None:
    judge, tried, count = Judge(LIMITS), 0, 300
    while judge.due(0.192, 600, count):
        tried += 1
        found = judge.look(0.192, observed(600), observed(count, count // 70))
        assert found.answer == "inconclusive"
        count = 2 * count
    assert tried == GO_LOOKS - 1
    assert not judge.due(0.192, 10**6, 10**6)
    assert judge.look(1.0, observed(1200), observed(600)).answer == "go"


def test_where_no_go_can_be_said_nothing_is_wrong() -> None:
    judge = Judge(LIMITS)
    judge.look(0.192, observed(1000), observed(500, 5))
    found = judge.look(0.16, observed(1190), observed(595))
    assert found.sentence == (
        "nothing is wrong so far: errors 0.0 % and 0.0 %, p95 13 ms and 13 ms"
    )
    assert (found.answer, found.final) == ("inconclusive", False)


def test_what_is_no_go_is_told_where_none_can_be_said() -> None:
    """Looks for a go are not among those that the risk of a wrong no-go is parted among."""
    judge = Judge(LIMITS)
    judge.look(0.192, observed(99), observed(50))
    found = judge.look(0.195, observed(1000), observed(500, 25))
    assert (found.answer, found.final) == ("inconclusive", False)
    assert found.sentence.startswith("25 of 500 requests to the canary failed (5.0 %)")
    assert judge.look(0.2, observed(1000), observed(500, 25)).answer == "no-go"


def test_the_last_look_is_final() -> None:
    judge = Judge(LIMITS)
    found = [judge.look(each, observed(40), observed(20)) for each in LOOKS]
    assert [each.final for each in found] == [False] * 11 + [True]
    assert [each.looks for each in found] == list(range(1, 13))


@pytest.mark.parametrize(
    ("limits", "least"),
    [
        (Limits(), 253),
        (Limits(errors=0.5), 100),
        (Limits(errors=0.001), 3838),
        (Limits(confidence=0.99), 436),
    ],
)
def test_as_many_requests_are_needed_as_can_prove_it(limits: Limits, least: int) -> None:
    assert least_requests_for_go(limits) == least
    fine = final(observed(3 * least), observed(least), limits)
    assert fine.answer == "go"
    assert final(observed(3 * least), observed(least - 1), limits).answer == "inconclusive"


def test_stricter_limits_never_turn_a_no_go_into_a_go() -> None:
    order = ["go", "inconclusive", "no-go"]
    for errors in range(0, 30, 5):
        answers = [
            final(observed(1000), observed(500, errors), Limits(errors=least)).answer
            for least in (0.2, 0.05, 0.03, 0.015)
        ]
        assert [order.index(each) for each in answers] == sorted(order.index(a) for a in answers)


def test_swapping_the_versions_never_gives_two_no_goes() -> None:
    for errors in range(0, 60, 10):
        one = final(observed(500), observed(500, errors)).answer
        other = final(observed(500, errors), observed(500)).answer
        assert (one, other).count("no-go") < 2


def test_the_risk_is_parted_among_metrics_and_looks() -> None:
    two: dict[str, Any] = {"counters": {"a_errors_total": [0.0], "b_errors_total": [0.0]}}
    found = final(observed(1000, **two), observed(500, **two))
    levels = {each.metric: each.level for each in found.comparisons if each.level is not None}
    assert levels == pytest.approx(
        {
            "errors": 0.05 / 5 / 12,
            "latency": 0.05 / 5 / 12,
            "slow answers": 0.05 / 5 / 12 / 4,
            "a_errors_total": 0.05 / 5 / 12 / 2,
            "b_errors_total": 0.05 / 5 / 12 / 2,
        }
    )
    least = {each.metric: each.least for each in found.comparisons}
    assert (least["errors"], least["slow answers"]) == (0.015, 0.03)
    # Two-sided, so that 2.5 % lie above: half of the risk, for the first look.
    confidences = [each.confidence for each in found.comparisons if each.interval]
    assert confidences == pytest.approx([0.95] * 5)


@pytest.mark.parametrize("asked", [253, 400, 510])
def test_a_canary_that_is_worse_by_what_matters_rarely_passes_one_look(asked: int) -> None:
    """Exactly, over all the errors that there can be: 2.5 % are promised, the baseline has none."""
    passes = sum(
        binom.pmf(errors, asked, LIMITS.errors)
        for errors in range(asked)
        if share_difference(errors, asked, 0, 2 * asked, 0.95)[2] < LIMITS.errors
    )
    assert passes < 0.025


def drawn(seed: int, stalls: bool = False) -> Observed:
    """20 requests a second, of which 2 in 1000 fail, and which may pause for 0.8 s now and then."""
    chance = numpy.random.default_rng(seed)
    due = requests(600, window=30).due
    seconds = 0.1 * chance.lognormal(0, 0.5, 600)
    for begin in numpy.cumsum(chance.exponential(15, 9)) if stalls else ():
        late = (due >= begin) & (due < begin + 0.8)
        seconds[late] += begin + 0.8 - due[late]
    return Observed(Requests.of(due, seconds, chance.random(600) < 0.002), 0, memory=FLAT)


@pytest.mark.parametrize("stalls", [False, True])
def test_releases_that_differ_in_nothing_are_rarely_stopped(stalls: bool) -> None:
    limits = Limits(seconds=30, errors=0.03)
    answers = Counter(
        until_final(drawn(seed, stalls), drawn(seed + 1, stalls), limits).answer
        for seed in range(0, 10, 2)
    )
    assert answers["no-go"] == 0
    assert stalls or answers["go"] >= 3


def test_a_canary_that_errs_5_percent_of_the_time_is_stopped() -> None:
    baseline = at_rate(34)
    answers = [until_final(baseline, at_rate(34, 0.05, seed)).answer for seed in range(5)]
    assert answers == ["no-go"] * 5


def test_a_leak_is_a_no_go_before_it_is_an_out_of_memory() -> None:
    leak = holding(each_second=5e6)
    found = until_final(at_rate(34), at_rate(17, memory=leak))
    assert found.answer == "no-go"
    assert found.requests[1] < 17 * 30 / 2
    assert found.sentence.startswith("a pod of the canary holds 112 MB, one of the baseline 60 MB")
