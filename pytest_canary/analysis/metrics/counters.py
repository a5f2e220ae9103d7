"""The app's own counters of things gone wrong, which it shows at /metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis import statistics
from pytest_canary.analysis.comparison import Comparison, Observed, Rule, decided, lacking
from pytest_canary.analysis.metrics.metric import SEE_LOG, Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """Every counter that one of the two has, by its name; the level is parted among them."""
    if canary.counters is None:
        if baseline.counters is None:
            return ()
        sentence = "the canary has no page of metrics, which the baseline has"
        return (lacking("metrics", "a request", sentence),)
    names = sorted({*canary.counters, *(baseline.counters or {})})
    each_rule = Rule(rule.confidence, rule.level / max(len(names), 1))
    return tuple(_counter(name, baseline, canary, each_rule, limits.errors) for name in names)


def _counter(
    name: str, baseline: Observed, canary: Observed, rule: Rule, least: float
) -> Comparison:
    """A counter of things gone wrong, a request; see `statistics.count_difference`.

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


def _omitted(baseline: Observed, canary: Observed) -> str:
    if baseline.counters is None and canary.counters is None:
        return "the app's own counters: neither version has a page of metrics"
    if not canary.counters and not baseline.counters:
        return "the app's own counters: none counts errors"
    return ""


COUNTERS = Metric("counters", compare, statistic=True, advice=SEE_LOG, omitted=_omitted)
