"""The candidate after the baseline: what is proven, what is not, and what keeps from saying it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy
import pytest

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import Judge
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.steadiness import unsteadiness
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.config.settings import VerdictSettings as Limits

LIMITS = Limits()
SECONDS, RATE = 12.0, 50


def asked(
    begin: float = 0.0,
    span: float = SECONDS,
    *,
    slower: float = 1.0,
    grows: float = 0.0,
    cold: float = 0.0,
    errors: float = 0.0,
    hangs: float = 0.0,
    writes: float = 0.0,
    seed: int = 1,
) -> Requests:
    """Requests that take around 100 ms, at a steady pace."""
    chance = numpy.random.default_rng(seed)
    due = numpy.arange(0, span, 1 / RATE)
    seconds = 0.1 * chance.lognormal(0, 0.3, len(due)) * slower * (1 + grows * due)
    seconds *= 1 + cold * numpy.exp(-due / 4)
    seconds = numpy.where(chance.random(len(due)) < hangs, 9.0, seconds)
    return Requests.of(
        begin + due,
        seconds,
        chance.random(len(due)) < errors,
        (),
        chance.random(len(due)) < writes,
    )


def judged(candidate: Requests, *, rows: tuple[int, int] = (0, 0), **others: Any) -> Verdict:
    """What the judge says who may look no more."""
    baseline = Observed(asked(), 0, rows=rows[0])
    found = Observed(candidate, others.pop("restarts", 0), rows=rows[1], age=40.0)
    return Judge(LIMITS, in_turn=True).look(1.0, baseline, found, **others)


def later(**otherwise: Any) -> Requests:
    """Those of the candidate, half a minute after the baseline's."""
    return asked(40.0, 40.0, seed=2, **otherwise)


def test_a_candidate_that_is_fine_is_a_go() -> None:
    found = judged(later())
    assert found.answer == "go"
    assert found.text.startswith("go: errors 0.0 % and 0.0 %, p95 ")
    assert [each.metric for each in found.comparisons] == [
        "restarts",
        "readiness",
        "errors",
        "latency",
        "slow answers",
    ]
    assert found.omitted == (
        "memory and the counters of /metrics: they are compared at the same moments alone, and "
        "without a canary there are none",
    )


@pytest.mark.parametrize(
    ("otherwise", "words"),
    [
        ({"errors": 0.08}, "requests to the candidate failed ("),
        ({"slower": 2.0}, "the candidate is "),
        ({"hangs": 0.08}, "of the candidate's answers take more than "),
    ],
)
def test_one_that_is_worse_is_a_no_go(otherwise: dict[str, float], words: str) -> None:
    found = judged(later(**otherwise))
    assert found.answer == "no-go"
    assert words in found.sentence
    assert found.finding
    assert " requests to the candidate, and 600 to the baseline before it came; look 1" in (
        found.finding.seen
    )


def test_a_container_that_restarts_is_a_no_go() -> None:
    found = judged(later(), restarts=1)
    assert found.sentence == (
        "the candidate's containers restarted once in the window, the baseline's not at all"
    )


def test_a_cold_start_is_left_out() -> None:
    found = judged(later(cold=3.0))
    assert found.answer != "no-go"
    latency = next(each for each in found.comparisons if each.metric == "latency")
    assert latency.answer == "go"
    assert " are left out, as it was still getting faster then, from " in latency.sentence


def test_one_that_gets_slower_and_slower_may_be_on_a_machine_that_does() -> None:
    found = judged(later(grows=0.02))
    assert found.answer == "inconclusive"
    assert "it is still getting slower, as on a machine that has more and more to do" in (
        found.sentence
    )


def test_more_rows_may_be_why_reads_take_longer() -> None:
    found = judged(later(slower=1.5), rows=(200, 400))
    assert found.answer == "inconclusive"
    assert "there are 2.0 times as many rows by now, which may be why; set api.bounded-read" in (
        found.sentence
    )
    assert judged(later(slower=3.0), rows=(200, 240)).answer == "no-go"


def test_too_few_requests_say_so_of_the_candidate() -> None:
    assert judged(asked(40.0, 2.0, seed=2)).sentence == (
        "100 requests of the candidate, at least 253 are needed"
    )


def test_nothing_is_said_of_a_machine_that_is_held_up() -> None:
    found = judged(later(slower=2.0), held_up="this machine is busier than it was")
    assert (found.answer, found.sentence) != ("no-go", "")
    assert found.answer == "inconclusive"


def test_a_baseline_that_is_the_same_all_along_is_steady() -> None:
    assert unsteadiness(asked(), asked(SECONDS, seed=3), LIMITS) == ""


@pytest.mark.parametrize(
    ("otherwise", "words"),
    [
        ({"slower": 0.6}, "in the median, and 1"),
        ({"slower": 1.6}, "in the median, and "),
        ({"errors": 0.1}, "of its requests failed, and 0.0 % just before"),
    ],
)
def test_one_that_changes_is_not(otherwise: dict[str, float], words: str) -> None:
    assert words in unsteadiness(asked(), asked(SECONDS, seed=3, **otherwise), LIMITS)


def test_one_that_was_asked_nothing_is_not() -> None:
    none = asked().where(numpy.zeros(len(asked()), bool))
    assert unsteadiness(none, asked(), LIMITS) == "it was asked nothing"


def test_reads_and_writes_are_told_apart() -> None:
    both = Observed(asked(writes=0.5), 0), Observed(later(writes=0.5), 0, age=40.0)
    found = Judge(LIMITS, in_turn=True).look(1.0, *both)
    assert {"latency of reads", "latency of writes"} <= {each.metric for each in found.comparisons}
    slow = replace(both[1], requests=both[1].requests.where(both[1].requests.due < 40.2))
    told = Judge(LIMITS, in_turn=True).look(1.0, both[0], slow)
    assert any("the candidate has " in each.sentence for each in told.comparisons)
