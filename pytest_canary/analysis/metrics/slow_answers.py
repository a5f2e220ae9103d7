"""The share of answers that are far slower than the baseline's are, at several levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis import statistics
from pytest_canary.analysis.blocks import bad_shares
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decided,
    format_value,
    lacking,
)
from pytest_canary.analysis.kinds import Kind, parts_of
from pytest_canary.analysis.metrics.latency import ADVICE, LATENCY_FLOOR, too_few
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.warm_up import WARMS_UP, level_at, warms_up

if TYPE_CHECKING:
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

# An answer is slow where it takes more than twice one of the baseline's percentiles, and some.
# At each, so large a share more matters at least: of the answers above twice the median the
# baseline may have many of its own, so that fewer points could not be told in a few seconds.
LEVELS = ((0.5, 0.2), (0.75, 0.1), (0.95, 0.0), (0.99, 0.0))
FACTOR = 2.0

# A slow answer is half as bad as an error: twice as many matter.
WEIGHT = 2.0

_ORDER = {"no-go": 0, "inconclusive": 1, "go": 2}


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """For each kind of request, the level that speaks most against the canary.

    A shift of the whole says nothing where one request in ten hangs, and a percentile of a few
    hundred is too uncertain to prove anything by. A share can be told with its uncertainty; and
    at one level alone, what lies just below it would not be seen.
    """
    kinds = parts_of(baseline.requests, canary.requests)
    level = level_at(canary.age, rule.level / len(kinds) / len(LEVELS))
    rule = Rule(rule.confidence, level)
    matters = min(WEIGHT * limits.errors, 1.0)
    return tuple(
        _slow(kind, kind.of(baseline.requests), kind.of(canary.requests), matters, rule)
        for kind in kinds
    )


def _slow(
    kind: Kind, baseline: Requests, canary: Requests, matters: float, rule: Rule
) -> Comparison:
    # What the canary does not answer at all may be slow already.
    scarce = too_few(kind, len(baseline.latencies), len(canary) - canary.errors)
    if scarce:
        return lacking(f"slow answers{kind.suffix}", "share", scarce)
    latencies = baseline.latencies.tolist()
    found = [
        _above(
            kind,
            FACTOR * statistics.quantile(latencies, quantile) + LATENCY_FLOOR,
            baseline.where(~baseline.failed),
            canary.where(~canary.failed),
            kind.least(max(least, matters)),
            rule,
        )
        for quantile, least in LEVELS
    ]
    return min(found, key=lambda each: (_ORDER[each.answer], -_use(each)))


def _use(comparison: Comparison) -> float:
    """The part of what matters that the canary may have used up."""
    high = comparison.interval[1] if comparison.interval else 0.0
    return high / (comparison.least or 1.0)


def _above(
    kind: Kind,
    limit: float,
    baseline: Requests,
    canary: Requests,
    least: float,
    rule: Rule,
) -> Comparison:
    """What waits longer than the limit already is slow, whatever comes of it."""
    slow = baseline.seconds > limit, canary.seconds > limit
    shares = bad_shares(baseline, canary, slow)
    found = shares.difference(rule.confidence)
    rates = float(slow[0].mean()), float(slow[1].mean())
    what = kind.plural if kind.suffix else "answers"
    fact = (
        f"{format_value(rates[1], 'share')} of the canary's {what} take more than "
        f"{format_value(limit, 'seconds')}, {format_value(rates[0], 'share')} of the baseline's"
    )
    # What was sent last may be slow yet, so it is not what gets better.
    if found.p < rule.level and found.value >= least and warms_up(shares.feared, least):
        fact, rule = f"{fact}; {WARMS_UP}", Rule(rule.confidence, 0.0)
    return decided(f"slow answers{kind.suffix}", "share", rates, found, rule, least, fact)


SLOW_ANSWERS = Metric("slow answers", compare, statistic=True, advice=ADVICE)
