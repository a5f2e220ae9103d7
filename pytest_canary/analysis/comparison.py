"""One metric of the canary against the baseline's, in the same window: pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_canary.analysis import statistics
from pytest_canary.analysis.statistics import Difference

Answer = Literal["go", "no-go", "inconclusive"]
Unit = Literal["share", "seconds", "bytes", "times", "a request"]

# A difference of latencies below this is the machine's, not the release's: containers that share
# two cores differ by some milliseconds for no other reason. So 1 ms stops nobody, at any p.
LATENCY_FLOOR = 0.005

# Below this, Mann-Whitney's p is not worth its digits (Mann and Whitney 1947 say 8 will do).
LATENCIES = 20

# An answer is slow where it takes more than twice the baseline's 95th percentile, and some.
SLOW_QUANTILE, SLOW_FACTOR = 0.95, 2.0

# A slow answer is half as bad as an error: twice as many matter.
SLOW_WEIGHT = 2.0


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
            (`metrics.errors_counted`); None where the app has no /metrics.
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


def shown(value: float, unit: Unit) -> str:
    """A value with its unit: "1.5 %", "12 ms", "1.2 s", "64 MB", "0.021"."""
    if unit == "share":
        return f"{value * 100:.1f} %"
    if unit == "seconds":
        return f"{value * 1000:.0f} ms" if abs(value) < 1 else f"{value:.1f} s"
    if unit == "bytes":
        return f"{value / 1e6:,.0f} MB"
    return f"{value:,.0f}" if unit == "times" else f"{value:.3f}"


def more(value: float, unit: Unit) -> str:
    """A difference with its unit: "1.48 points" of percentages, "4.8 ms", "1.5 in 100 requests"."""
    if unit == "share":
        return f"{value * 100:.3g} points"
    if unit == "seconds":
        return f"{value * 1000:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
    return f"{value * 100:.3g} in 100 requests" if unit == "a request" else shown(value, unit)


def errors(baseline: Observed, canary: Observed, rule: Rule, least: float) -> Comparison:
    """Error rates; see `analysis.rate_difference`."""
    if not (baseline.requests and canary.requests):
        silent = "canary" if baseline.requests else "baseline"
        return lacking("errors", "share", f"no request went to the {silent}", least)
    found = statistics.rate_difference(
        canary.errors, canary.requests, baseline.errors, baseline.requests, rule.confidence
    )
    rates = baseline.errors / baseline.requests, canary.errors / canary.requests
    fact = (
        f"{canary.errors:,} of {canary.requests:,} requests to the canary failed "
        f"({shown(rates[1], 'share')}), and {baseline.errors:,} of {baseline.requests:,} to the "
        f"baseline ({shown(rates[0], 'share')})"
    )
    return decided("errors", "share", rates, found, rule, least, fact)


def latency(baseline: Observed, canary: Observed, rule: Rule, part: float) -> Comparison:
    """How much slower the canary's answers are on the whole; see `analysis.shift`.

    What matters is a part of the baseline's median, but never less than LATENCY_FLOOR.
    """
    scarce = _scarce(baseline, canary)
    if scarce:
        return lacking("latency", "seconds", scarce)
    medians = (
        statistics.quantile(baseline.latencies, 0.5),
        statistics.quantile(canary.latencies, 0.5),
    )
    found = statistics.shift(canary.latencies, baseline.latencies, rule.confidence)
    least = max(part * medians[0], LATENCY_FLOOR)
    how = "slower" if found.value >= 0 else "faster"
    fact = (
        f"the canary is {more(abs(found.value), 'seconds')} {how}: it takes "
        f"{shown(medians[1], 'seconds')} in the median, the baseline {shown(medians[0], 'seconds')}"
    )
    return decided("latency", "seconds", medians, found, rule, least, fact)


def slow_answers(baseline: Observed, canary: Observed, rule: Rule, least: float) -> Comparison:
    """The share of answers that are far slower than the baseline's are.

    A shift of the whole says nothing where one request in ten hangs, and a percentile of a few
    hundred is too uncertain to prove anything by. A share has an exact test.
    """
    scarce = _scarce(baseline, canary)
    if scarce:
        return lacking("slow answers", "share", scarce)
    usual = statistics.quantile(baseline.latencies, SLOW_QUANTILE)
    limit = SLOW_FACTOR * usual + LATENCY_FLOOR
    slow = [sum(each > limit for each in o.latencies) for o in (baseline, canary)]
    counts = len(baseline.latencies), len(canary.latencies)
    found = statistics.rate_difference(slow[1], counts[1], slow[0], counts[0], rule.confidence)
    rates = slow[0] / counts[0], slow[1] / counts[1]
    fact = (
        f"{shown(rates[1], 'share')} of the canary's answers take more than "
        f"{shown(limit, 'seconds')}, {shown(rates[0], 'share')} of the baseline's"
    )
    return decided("slow answers", "share", rates, found, rule, least, fact)


def restarts(baseline: Observed, canary: Observed) -> Comparison:
    """One restart is too many, unless the baseline restarts too: then it may be the cluster's."""
    if baseline.restarts is None or canary.restarts is None:
        return lacking("restarts", "times", "nobody counted the containers' restarts")
    answer: Answer = "go"
    if canary.restarts:
        answer = "inconclusive" if baseline.restarts else "no-go"
    sentence = (
        f"the canary's containers restarted {_times(canary.restarts)} in the window, "
        f"the baseline's {_times(baseline.restarts)}"
    )
    return counted("restarts", "times", (baseline.restarts, canary.restarts), 1.0, answer, sentence)


def _times(count: int) -> str:
    return {0: "not at all", 1: "once"}.get(count, f"{count} times")


def counter(
    name: str, baseline: Observed, canary: Observed, rule: Rule, least: float
) -> Comparison:
    """A counter of things gone wrong, a request; see `analysis.count_difference`.

    A counter that only the canary has can be proven harmless, but not worse than before.
    """
    its, base = (canary.counters or {}).get(name), (baseline.counters or {}).get(name)
    if its is None:
        return lacking(name, "a request", f"the canary has no {name}, which the baseline has")
    ours, theirs = (max(each.counted or 0, each.requests) for each in (canary, baseline))
    if not (ours and theirs):
        return lacking(name, "a request", f"{name} can't be compared without requests")
    found = statistics.count_difference(round(its), ours, round(base or 0), theirs, rule.confidence)
    rates = (base or 0) / theirs, its / ours
    fact = f"{name} grew by {its:,.0f} in {ours:,} requests to the canary"
    if base is None:
        fact += "; the baseline has no such counter"
        rule = Rule(rule.confidence, 0.0)
    else:
        fact += f", by {base:,.0f} in the baseline's {theirs:,}"
    return decided(name, "a request", rates, found, rule, least, fact)


def _scarce(baseline: Observed, canary: Observed) -> str:
    """Who has too few latencies, in words; empty where nobody has."""
    for who, observed in (("canary", canary), ("baseline", baseline)):
        count = len(observed.latencies)
        if count < LATENCIES:
            return f"the {who} has {count} answers that are no error; latencies take {LATENCIES}"
    return ""


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
    high, limit = more(found.high, unit), more(least, unit)
    told = f"it may be {high} more, and {limit} would matter"
    if math.isinf(found.high):
        told = f"that is too little to tell whether it is {limit} more"
    if found.p < rule.level and found.value >= least:
        answer, told = "no-go", f"it is {_between(found, unit)} more, and {limit} is too much"
    elif found.high < least:
        answer, told = "go", f"it is at most {high} more, and {limit} would matter"
        if found.high < 0:
            told = f"it is at least {more(-found.high, unit)} less"
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
        f"{fact}; {told}",
    )


def _between(found: Difference, unit: Unit) -> str:
    """A difference's interval: "3.2 to 7.4 points", "0.9 to 1.2 s", or "at least" so much."""
    low = more(found.low, unit)
    if math.isinf(found.high):
        return f"at least {low}"
    high = more(found.high, unit)
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
