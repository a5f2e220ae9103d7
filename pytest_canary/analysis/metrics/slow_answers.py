"""The share of answers that are far slower than the baseline's are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis import statistics
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decided,
    format_value,
    lacking,
)
from pytest_canary.analysis.metrics.latency import ADVICE, LATENCY_FLOOR, too_few
from pytest_canary.analysis.metrics.metric import Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits

# An answer is slow where it takes more than twice the baseline's 95th percentile, and some.
SLOW_QUANTILE, SLOW_FACTOR = 0.95, 2.0

# A slow answer is half as bad as an error: twice as many matter.
SLOW_WEIGHT = 2.0


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """The share of answers that are far slower than the baseline's are.

    A shift of the whole says nothing where one request in ten hangs, and a percentile of a few
    hundred is too uncertain to prove anything by. A share has an exact test.
    """
    scarce = too_few(baseline, canary)
    if scarce:
        return (lacking("slow answers", "share", scarce),)
    least = min(SLOW_WEIGHT * limits.errors, 1.0)
    usual = statistics.quantile(baseline.latencies, SLOW_QUANTILE)
    limit = SLOW_FACTOR * usual + LATENCY_FLOOR
    slow = [sum(each > limit for each in o.latencies) for o in (baseline, canary)]
    counts = len(baseline.latencies), len(canary.latencies)
    found = statistics.rate_difference(slow[1], counts[1], slow[0], counts[0], rule.confidence)
    rates = slow[0] / counts[0], slow[1] / counts[1]
    fact = (
        f"{format_value(rates[1], 'share')} of the canary's answers take more than "
        f"{format_value(limit, 'seconds')}, {format_value(rates[0], 'share')} of the baseline's"
    )
    return (decided("slow answers", "share", rates, found, rule, least, fact),)


SLOW_ANSWERS = Metric("slow answers", compare, statistic=True, advice=ADVICE)
