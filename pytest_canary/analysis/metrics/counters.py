"""The app's own counters of things gone wrong, which it shows at /metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from statistics import variance
from typing import TYPE_CHECKING

from pytest_canary.analysis import statistics
from pytest_canary.analysis.comparison import Comparison, Observed, Rule, decide, missing_comparison
from pytest_canary.analysis.metrics.metric import SEE_LOG, Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """Every counter that one of the two has, by its name; the level is parted among them.

    None where several processes answer behind one page: from one to the next a counter may jump.
    """
    if canary.counters is None:
        if baseline.counters is None:
            return ()
        sentence = "the canary has no page of metrics, which the baseline has"
        return (missing_comparison("metrics", "a request", sentence),)
    if baseline.several_processes or canary.several_processes:
        return ()
    names = sorted({*canary.counters, *(baseline.counters or {})})
    each_rule = Rule(rule.confidence, rule.level / max(len(names), 1))
    found = tuple(_counter(name, baseline, canary, each_rule, limits.errors) for name in names)
    gone = _describe_lost_page(canary)
    if gone and not any(each.answer == "no-go" for each in found):
        return (missing_comparison("metrics", "a request", gone),)
    return found


def _counter(
    name: str, baseline: Observed, canary: Observed, rule: Rule, least: float
) -> Comparison:
    """A counter of things gone wrong, a request; see `statistics.count_difference`.

    Many libraries show a counter only once it has counted something, so one that is absent from a
    page is 0. A counter that only the canary has can be proven harmless, but not worse than before.

    One failure may count several times, so events are no Poisson's: growths that vary more than
    chance has them vary count for less (quasi-Poisson; McCullagh and Nelder, Generalized Linear
    Models, 1989, 6.2.3), and a no-go takes more readings in which the canary's grew by more.
    """
    its, base = ((each.counters or {}).get(name, ()) for each in (canary, baseline))
    ours, theirs = (
        len(each.requests) if each.counted is None else each.counted for each in (canary, baseline)
    )
    if not (ours and theirs):
        return missing_comparison(name, "a request", f"{name} can't be compared without requests")
    excess = max(_dispersion(its), _dispersion(base))
    found = statistics.count_difference(sum(its), ours, sum(base), theirs, excess, rule.confidence)
    rates = sum(base) / theirs, sum(its) / ours
    fact = f"{name} grew by {sum(its):,.0f} in {ours:,} requests to the canary"
    if name in (baseline.counters or {}):
        fact += f", by {sum(base):,.0f} in the baseline's {theirs:,}"
        pairs = zip_longest(its, base, fillvalue=0.0)
        p = statistics.signed_rank([a / ours - b / theirs for a, b in pairs] or [0.0], 0.5).p
        found = replace(found, p=max(found.p, p))
    else:
        fact += "; the baseline has no such counter"
        rule = Rule(rule.confidence, 0.0)
    return decide(name, "a request", rates, found, rule, least, fact)


def _describe_lost_page(canary: Observed) -> str:
    """That its page no longer comes, in words; empty where it does, or did until a moment ago."""
    sent = len(canary.requests)
    if canary.counted is None or canary.counted >= sent / 2:
        return ""
    return (
        f"the canary's page of metrics no longer comes: it came last after {canary.counted:,} of "
        f"{sent:,} requests"
    )


def _dispersion(growths: Sequence[float]) -> float:
    """How many times the variance of growths is their mean; at least 1, as for Poisson's."""
    mean = sum(growths) / len(growths) if growths else 0.0
    if len(growths) < 2 or not mean:
        return 1.0
    return max(1.0, variance(growths) / mean)


def _omission(baseline: Observed, canary: Observed) -> str:
    if baseline.counters is None and canary.counters is None:
        return "the app's own counters: neither version has a page of metrics"
    several = baseline.several_processes or canary.several_processes
    if several and canary.counters is not None:
        who = "canary" if canary.several_processes else "baseline"
        return (
            f"the app's own counters: in a pod of the {who} several processes answer behind "
            "/metrics, each with its own; let one page add them up"
        )
    if not canary.counters and not baseline.counters:
        return "the app's own counters: none counts errors"
    return ""


COUNTERS = Metric("counters", compare, statistic=True, advice=SEE_LOG, omitted=_omission)
