"""The share of requests that fail."""

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
from pytest_canary.analysis.metrics.metric import SEE_LOG, Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """Error rates; see `statistics.rate_difference`."""
    if not (baseline.requests and canary.requests):
        silent = "canary" if baseline.requests else "baseline"
        return (lacking("errors", "share", f"no request went to the {silent}", limits.errors),)
    found = statistics.rate_difference(
        canary.errors, canary.requests, baseline.errors, baseline.requests, rule.confidence
    )
    rates = baseline.errors / baseline.requests, canary.errors / canary.requests
    fact = (
        f"{canary.errors:,} of {canary.requests:,} requests to the canary failed "
        f"({format_value(rates[1], 'share')}), and {baseline.errors:,} of {baseline.requests:,} "
        f"to the baseline ({format_value(rates[0], 'share')})"
    )
    return (decided("errors", "share", rates, found, rule, limits.errors, fact),)


ERRORS = Metric("errors", compare, statistic=True, advice=SEE_LOG)
