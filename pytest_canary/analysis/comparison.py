"""What is compared, canary against baseline in the same window, and what comes of it; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_canary.analysis.statistics import Difference

Answer = Literal["go", "no-go", "inconclusive"]
Unit = Literal["share", "seconds", "bytes", "times", "a request"]


@dataclass(frozen=True)
class Observed:
    """One version, in the window.

    Attributes:
        requests: how many were sent to it.
        errors: how many of them failed, or were answered with an error.
        latencies: seconds that each of the others took.
        restarts: of its containers, in the window; None where nobody looked.
        pods: how many it has.
        memory: what one of its pods holds, on average: seconds and bytes, in any order. None where
            it can't be measured; too few measurements are no reason for None.
        counters: by how much its counters of things gone wrong grew, all pods together
            (`prometheus.errors_counted`); None where the app has no /metrics.
        counted: how many requests had been sent to it when they were read, which is later than the
            last of `requests` was due; None for as many as these.
    """

    requests: int
    errors: int
    latencies: Sequence[float]
    restarts: int | None
    pods: int = 1
    memory: Sequence[tuple[float, float]] | None = None
    counters: Mapping[str, float] | None = None
    counted: int | None = None

    def __post_init__(self) -> None:
        measured = [part for point in self.memory or () for part in point]
        numbers = [*self.latencies, *measured, *(self.counters or {}).values()]
        if not all(math.isfinite(each) and each >= 0 for each in numbers):
            raise ValueError("latencies, memory and counters must be finite and not negative")
        if not 0 <= self.errors <= self.requests:
            raise ValueError(f"{self.errors} errors in {self.requests} requests")
        if len(self.latencies) > self.requests - self.errors:
            raise ValueError(
                f"{len(self.latencies)} latencies of {self.requests - self.errors} answers"
            )
        if self.pods < 1:
            raise ValueError("no pod, nothing to observe")


@dataclass(frozen=True)
class Comparison:
    """One metric of the two versions, and what it says.

    Attributes:
        metric: its name: "errors", "latency", "slow answers", "restarts", "memory",
            "memory growth", or a counter's own name.
        unit: of baseline, canary, effect, interval and least.
        baseline: the baseline's value: a rate, a median, a level; None where there is none.
        canary: the canary's.
        effect: how much more the canary has; None where it can't be told.
        interval: the effect's confidence interval, at this look; None where it is no statistic.
        confidence: of the interval, two-sided, as a fraction of 1; None without an interval.
        least: the least effect that matters.
        p: how likely such an effect is where there is no difference; None where it is no statistic.
        level: the p below which the effect is proven, with all looks and metrics allowed for.
        answer: "go" where the effect is proven to be below `least`: the whole interval is;
            "no-go" where it is proven to be there (p below level) and is `least` or more.
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
    """

    confidence: float
    level: float


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


def decided(
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
    if found.p < rule.level and found.value >= least:
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


def counted(
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


def lacking(metric: str, unit: Unit, sentence: str, least: float | None = None) -> Comparison:
    """A comparison that could not be made, which is never a go."""
    return Comparison(
        metric, unit, None, None, None, None, None, least, None, None, "inconclusive", sentence
    )
