"""What is compared, canary against baseline in the same window, and what comes of it; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_canary.analysis.memory import Memory
from pytest_canary.analysis.reference import Reference
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.statistics import Difference

Answer = Literal["go", "no-go", "inconclusive"]
Unit = Literal["share", "seconds", "bytes", "times", "a request"]


@dataclass(frozen=True)
class Observed:
    """One version, in the window.

    Attributes:
        requests: what was sent to it.
        restarts: of its containers, in the window; None where nobody looked.
        ended: how a container ended that was restarted, in words; empty where nobody knows.
        unready: how often one of its pods lost readiness, in the window.
        pods: how many it has.
        age: seconds for which the youngest of them has been ready.
        memory: what one of its pods holds, on average. None where it can't be measured; too few
            readings are no reason for None.
        counters: by how much its counters of things gone wrong grew from one reading to the next,
            all pods together; None where the app has no /metrics.
        several_processes: whether several processes answer behind one /metrics, each with counters
            of its own, so that what one of them shows says nothing of growth.
        before: the baseline before the canary came; None where nobody knows.
        rows: how many each of its reads answers with, at most; 0 where a read costs the same
            however many there are.
        counted: how many of the requests were sent to it by the last reading of the pod that was
            read least; None for all.
        away: how many of its pods that were ready at first are there, and no longer ready.
    """

    requests: Requests
    restarts: int | None
    unready: int = 0
    pods: int = 1
    age: float = math.inf
    memory: Memory | None = None
    counters: Mapping[str, Sequence[float]] | None = None
    several_processes: bool = False
    before: Reference | None = None
    rows: int = 0
    counted: int | None = None
    ended: str = ""
    away: int = 0

    def __post_init__(self) -> None:
        grown = [each for series in (self.counters or {}).values() for each in series]
        if not all(math.isfinite(each) and each >= 0 for each in grown):
            raise ValueError("counters must be finite and not negative")
        if self.pods < 1:
            raise ValueError("no pod, nothing to observe")


@dataclass(frozen=True)
class Comparison:
    """One metric of the two versions, and what it says.

    Attributes:
        metric: its name: "restarts", "readiness", "errors", "latency", "slow answers", the last
            three with " of reads" or " of writes" too, "short answers", "baseline's errors",
            "baseline's late answers", "baseline's slow answers", "memory", "memory growth",
            "metrics", or a counter's own name.
        unit: of baseline, canary, effect, interval and least.
        baseline: the baseline's value: a rate, a median, a level; None where there is none.
        canary: the canary's.
        effect: how much more the canary has; None where it can't be told.
        interval: the effect's confidence interval, at this look; None where it is no statistic.
        confidence: of the interval, two-sided, as a fraction of 1; None without an interval.
        least: the least effect that matters.
        p: how likely such an effect is where there is no difference; None where it is no statistic.
        level: the p below which the effect is proven, with all looks and metrics allowed for; 0
            where no p would prove it.
        answer: "go" where the effect is proven to be below `least`: the whole interval is;
            "no-go" where it is proven to be there (p below level), is `least` or more, and its
            interval leaves no doubt that it is more than half of that.
        sentence: all of it in words.
    """

    metric: str
    unit: Unit
    baseline: float | None
    canary: float | None
    effect: float | None
    interval: tuple[float, float] | None
    confidence: float | None
    least: float | None
    p: float | None
    level: float | None
    answer: Answer
    sentence: str


@dataclass(frozen=True)
class Rule:
    """How sure a look must be.

    Attributes:
        confidence: of an interval, two-sided.
        level: the p below which a difference is proven; one-sided.
        last: whether it is the last at this window.
        in_turn: whether the two were asked one after the other, so that no moment of the one is
            any of the other's.
    """

    confidence: float
    level: float
    last: bool = False
    in_turn: bool = False

    @property
    def called(self) -> str:
        """What sentences call the candidate: "the canary", where it is one."""
        return "the candidate" if self.in_turn else "the canary"


def format_value(value: float, unit: Unit) -> str:
    """A value with its unit: "1.5 %", "12 ms", "1.2 s", "64 MB", "0.021"."""
    if unit == "share":
        return f"{value * 100:.1f} %"
    if unit == "seconds":
        return f"{value * 1000:.0f} ms" if abs(value) < 1 else f"{value:.1f} s"
    if unit == "bytes":
        return f"{value / 1e6:,.0f} MB"
    return f"{value:,.0f}" if unit == "times" else f"{value:.3f}"


def format_difference(value: float, unit: Unit) -> str:
    """A difference with its unit: "1.48 points" of percentages, "4.8 ms", "1.5 in 100 requests"."""
    if unit == "share":
        return f"{value * 100:.3g} points"
    if unit == "seconds":
        return f"{value * 1000:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
    return (
        f"{value * 100:.3g} in 100 requests" if unit == "a request" else format_value(value, unit)
    )


def decide(
    metric: str,
    unit: Unit,
    values: tuple[float, float],
    found: Difference,
    rule: Rule,
    least: float,
    fact: str,
) -> Comparison:
    """The one place where statistics become an answer."""
    answer: Answer = "inconclusive"
    high, limit = format_difference(found.high, unit), format_difference(least, unit)
    conclusion = f"it may be {high} more, and {limit} would matter"
    if math.isinf(found.high):
        conclusion = f"that is too little to tell whether it is {limit} more"
    if found.p < rule.level and found.value >= least and found.low > least / 2:
        answer, conclusion = "no-go", f"it is {_between(found, unit)} more, and {limit} is too much"
    elif found.high < least:
        answer, conclusion = "go", f"it is at most {high} more, and {limit} would matter"
        if found.high < 0:
            conclusion = f"it is at least {format_difference(-found.high, unit)} less"
    return Comparison(
        metric,
        unit,
        *values,
        found.value,
        (found.low, found.high),
        rule.confidence,
        least,
        found.p,
        rule.level,
        answer,
        f"{fact}; {conclusion}",
    )


def _between(found: Difference, unit: Unit) -> str:
    """A difference's interval: "3.2 to 7.4 points", "0.9 to 1.2 s", or "at least" so much."""
    low = format_difference(found.low, unit)
    if math.isinf(found.high):
        return f"at least {low}"
    high = format_difference(found.high, unit)
    if low == high:
        return high
    number, _, what = low.partition(" ")
    return f"{number if high.endswith(f' {what}') else low} to {high}"


def compare_counts(
    metric: str,
    unit: Unit,
    values: tuple[float, float],
    least: float,
    answer: Answer,
    sentence: str,
) -> Comparison:
    """A comparison that is no statistic."""
    effect = values[1] - values[0]
    return Comparison(
        metric, unit, *values, effect, None, None, least, None, None, answer, sentence
    )


def missing_comparison(
    metric: str, unit: Unit, sentence: str, least: float | None = None
) -> Comparison:
    """A comparison that could not be made, which is never a go."""
    return Comparison(
        metric, unit, None, None, None, None, None, least, None, None, "inconclusive", sentence
    )
