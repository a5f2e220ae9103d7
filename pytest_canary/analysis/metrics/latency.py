"""How long answers take on the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis import statistics
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decided,
    format_difference,
    format_value,
    lacking,
)
from pytest_canary.analysis.metrics.metric import Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits

# A difference of latencies below this is the machine's, not the release's: containers that share
# two cores differ by some milliseconds for no other reason. So 1 ms stops nobody, at any p.
LATENCY_FLOOR = 0.005

# Below this, Mann-Whitney's p is not worth its digits (Mann and Whitney 1947 say 8 will do).
LATENCIES = 20

ADVICE = "look at what the canary does for a request that the baseline does not"


def too_few(baseline: Observed, canary: Observed) -> str:
    """Who has too few latencies, in words; empty where nobody has."""
    for who, observed in (("canary", canary), ("baseline", baseline)):
        count = len(observed.latencies)
        if count < LATENCIES:
            return f"the {who} has {count} answers that are no error; latencies take {LATENCIES}"
    return ""


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """How much slower the canary's answers are on the whole; see `statistics.shift`.

    What matters is a part of the baseline's median, but never less than LATENCY_FLOOR.
    """
    scarce = too_few(baseline, canary)
    if scarce:
        return (lacking("latency", "seconds", scarce),)
    medians = (
        statistics.quantile(baseline.latencies, 0.5),
        statistics.quantile(canary.latencies, 0.5),
    )
    found = statistics.shift(canary.latencies, baseline.latencies, rule.confidence)
    least = max(limits.latency * medians[0], LATENCY_FLOOR)
    how = "slower" if found.value >= 0 else "faster"
    fact = (
        f"the canary is {format_difference(abs(found.value), 'seconds')} {how}: it takes "
        f"{format_value(medians[1], 'seconds')} in the median, the baseline "
        f"{format_value(medians[0], 'seconds')}"
    )
    return (decided("latency", "seconds", medians, found, rule, least, fact),)


LATENCY = Metric("latency", compare, statistic=True, advice=ADVICE)
