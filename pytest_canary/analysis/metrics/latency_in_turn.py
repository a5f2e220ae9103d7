"""How long answers take on the whole, where the two versions were asked one after the other.

There is no moment at which both were asked, so that nothing can be paired: whatever has changed in
between looks like the release. A machine that gets slower on and on is known by the candidate's own
answers, which get slower and slower too.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_canary.analysis import blocks, statistics
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decide,
    format_difference,
    format_value,
    missing_comparison,
)
from pytest_canary.analysis.drift import DRIFTS, drifts
from pytest_canary.analysis.kinds import Kind, parts_of
from pytest_canary.analysis.metrics.latency import (
    ADVICE,
    LATENCY_FLOOR,
    rarity,
    reason_in_rows,
    rows_since,
    too_few,
)
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.ratios import SHORTEST, ratio_of
from pytest_canary.analysis.statistics import Difference
from pytest_canary.analysis.warm_up import (
    AGE,
    WARMS_UP,
    cold_blocks,
    gets_faster,
    level_at,
    warms_up,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_canary.analysis.requests import Column, Requests
    from pytest_canary.config.settings import VerdictSettings as Limits


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """How much slower the candidate's answers are than the baseline's were, kind by kind.

    What matters is what does side by side (`latency`), and a cold start is left out likewise.
    """
    kinds = parts_of(baseline.requests, canary.requests)
    rule = replace(rule, level=level_at(canary.age, rule.level / len(kinds)))
    due = canary.requests.due
    grown_up = float(due[-1]) - (canary.age - AGE) if len(due) else 0.0
    pace = pace_of(kinds, canary.requests)
    return tuple(
        _compare_kind(
            kind,
            kind.of(baseline.requests),
            kind.of(canary.requests),
            limits.latency / rarity(kind),
            grown_up,
            rows_since(kind, baseline, canary),
            pace,
            rule,
        )
        for kind in kinds
    )


def _compare_kind(
    kind: Kind,
    baseline: Requests,
    canary: Requests,
    part: float,
    grown_up: float,
    more_rows: float,
    pace: tuple[Column, Column],
    rule: Rule,
) -> Comparison:
    name = f"latency{kind.suffix}"
    counts = len(baseline.latencies), len(canary.latencies)
    scarce = too_few(kind, *counts, rule.called)
    if scarce:
        return missing_comparison(name, "seconds", scarce)
    base, its = baseline.where(baseline.answered), canary.where(canary.answered)
    usual = statistics.quantile(base.seconds.tolist(), 0.5)
    begins, course = course_of(its)
    apart = [each - usual for each in course]
    cold = cold_blocks(apart, course, sum(each < grown_up for each in begins))
    warm = its.since(begins[cold])
    if len(warm) >= counts[1] - len(warm):
        its = warm
    else:
        cold = 0
    value = statistics.quantile(its.seconds.tolist(), 0.5)
    found = _difference(base, its, usual, course[cold:], rule.confidence)
    least = max(part * usual, LATENCY_FLOOR)
    how = "slower" if found.value >= 0 else "faster"
    of = f" with {kind.plural}" if kind.suffix else ""
    fact = (
        f"{rule.called} is {format_difference(abs(found.value), 'seconds')} {how}{of}: it takes "
        f"{format_value(value, 'seconds')} in the median, the baseline took "
        f"{format_value(usual, 'seconds')}"
    )
    if cold:
        fact += (
            f"; the first {begins[cold] - begins[0]:.0f} s are left out, as it was still getting "
            f"faster then, from {format_value(course[0], 'seconds')}"
        )
    if found.p < rule.level and found.value >= least:
        doubt = _doubt(apart, course, base, its, pace, found.value, least)
        if not doubt and found.value - usual * (more_rows - 1) < least:
            doubt = reason_in_rows(more_rows)
        fact, rule = (f"{fact}; {doubt}", replace(rule, level=0.0)) if doubt else (fact, rule)
    return decide(name, "seconds", (usual, value), found, rule, least, fact)


def _doubt(
    apart: Sequence[float],
    course: Sequence[float],
    base: Requests,
    its: Requests,
    pace: tuple[Column, Column],
    effect: float,
    least: float,
) -> str:
    """Why what is slower may be so for another reason, in words; empty where nothing says so."""
    if warms_up(apart, least) or gets_faster(course, [0.0] * len(course)):
        return WARMS_UP
    since = float(its.due.mean() - base.due.mean())
    times = 1 + effect / statistics.quantile(base.seconds.tolist(), 0.5)
    return DRIFTS if drifts(*pace, math.log(times), since) else ""


def pace_of(kinds: Sequence[Kind], candidate: Requests) -> tuple[Column, Column]:
    """When each of its answers was due, and by how much longer than its kind's it took, in logs.

    What a machine makes slower, it does to reads and writes.
    """
    import numpy

    moments, values = [], []
    for kind in kinds:
        its = kind.of(candidate)
        its = its.where(its.answered)
        if len(its):
            logs = numpy.log(numpy.maximum(its.seconds, SHORTEST))
            moments.append(its.due)
            values.append(logs - logs.mean())
    none = numpy.empty(0)
    return numpy.concatenate([none, *moments]), numpy.concatenate([none, *values])


def _difference(
    base: Requests, its: Requests, usual: float, course: Sequence[float], confidence: float
) -> Difference:
    ratio = ratio_of(base, its, confidence, in_turn=True)
    value, low, high = (usual * (each - 1) for each in (ratio.value, ratio.low, ratio.high))
    p = statistics.rank_sum(course, course_of(base)[1])
    return Difference(value, low, high, p)


def course_of(requests: Requests) -> tuple[list[float], list[float]]:
    """Of each block of answers, when its first was due, and the median of what they took."""
    places, firsts = blocks.blocks_alone(requests, blocks.length_for(requests, requests))
    found: Column = blocks.medians(places, requests.seconds, len(firsts))
    return requests.due[firsts].tolist(), found.tolist()


LATENCY_IN_TURN = Metric("latency", compare, statistic=True, advice=ADVICE)
