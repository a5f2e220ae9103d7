"""How long answers take on the whole, reads and writes apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
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
from pytest_canary.analysis.kinds import Kind, parts_of
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.ratios import ratio_of
from pytest_canary.analysis.statistics import Difference
from pytest_canary.analysis.warm_up import (
    AGE,
    FALLEN,
    WARMS_UP,
    cold_blocks,
    gets_faster,
    level_at,
    warms_up,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

# A difference of latencies below this is the machine's, not the release's: containers that share
# two cores differ by some milliseconds for no other reason. So 1 ms stops nobody, at any p.
LATENCY_FLOOR = 0.005

# Answers of a kind below which nothing is said of their latency.
LATENCIES = 20

ADVICE = "look at what the canary does for a request that the baseline does not"


def too_few(kind: Kind, baseline: int, canary: int, called: str = "the canary") -> str:
    """Which version has so few answers that it is too few, in words; empty where none has."""
    for who, count in ((called, canary), ("the baseline", baseline)):
        if count < LATENCIES:
            what = f"{count} answers to {kind.plural} that are no error"
            return f"{who} has {what}; latencies take {LATENCIES}"
    return ""


def rows_since(kind: Kind, baseline: Observed, canary: Observed) -> float:
    """How many times as many rows answers have as before, where one was asked after the other.

    What a read costs for its rows grows no faster than they do.
    """
    if kind.of(canary.requests).write.all() or not baseline.rows:
        return 1.0
    return max(1.0, canary.rows / baseline.rows)


def reason_in_rows(more: float) -> str:
    """The same, as the reason why nothing is proven."""
    return f"there are {more:.1f} times as many rows by now, which may be why; set api.bounded-read"


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """How much slower the canary's answers are on the whole, for each kind of request.

    What matters is a part of the baseline's median, but never less than LATENCY_FLOOR. Of a kind
    that is rare more is allowed, by the root of its share, as it is known less well. How much
    slower it may be is told by all of its answers (`ratios`), and whether it is slower at all, by
    the blocks of time in which it was.

    A canary's cold start is left out, and told; what it answers far too late then is counted by
    the slow answers all the same.
    """
    kinds = parts_of(baseline.requests, canary.requests)
    rule = Rule(rule.confidence, level_at(canary.age, rule.level / len(kinds)))
    asked = [(kind.of(baseline.requests), kind.of(canary.requests)) for kind in kinds]
    courses = [_by_block(*each) for each in asked]
    return tuple(
        _shift(
            kind,
            *each,
            course,
            limits.latency / rarity(kind),
            _grown_up(canary),
            rule,
            courses,
        )
        for kind, each, course in zip(kinds, asked, courses, strict=True)
    )


def rarity(kind: Kind) -> float:
    """By what a difference is divided that matters of a kind; 1 of most requests."""
    return math.sqrt(kind.share) if kind.share < 0.5 else 1.0


def _grown_up(canary: Observed) -> float:
    """When its youngest pod was no longer young, by the requests' clock."""
    return float(canary.requests.due[-1]) - (canary.age - AGE) if len(canary.requests) else 0.0


def _shift(
    kind: Kind,
    baseline: Requests,
    canary: Requests,
    whole: _Blocks,
    part: float,
    grown_up: float,
    rule: Rule,
    courses: Sequence[_Blocks],
) -> Comparison:
    name = f"latency{kind.suffix}"
    scarce = too_few(kind, len(baseline.latencies), len(canary.latencies))
    if scarce:
        return missing_comparison(name, "seconds", scarce)
    if not whole.apart:
        return missing_comparison(
            name, "seconds", "the two versions did not answer at the same time"
        )
    cold = cold_blocks(whole.apart, whole.latencies, sum(each < grown_up for each in whole.begins))
    if cold:
        warm = baseline.since(whole.begins[cold]), canary.since(whole.begins[cold])
        scarce = too_few(kind, len(warm[0].latencies), len(warm[1].latencies))
        (baseline, canary), cold = ((baseline, canary), 0) if scarce else (warm, cold)
    apart = whole.apart[cold:]
    medians = (
        statistics.quantile(baseline.latencies.tolist(), 0.5),
        statistics.quantile(canary.latencies.tolist(), 0.5),
    )
    found = _difference(baseline, canary, medians[0], apart, rule.confidence)
    least = max(part * medians[0], LATENCY_FLOOR)
    how = "slower" if found.value >= 0 else "faster"
    of = f" with {kind.plural}" if kind.suffix else ""
    fact = (
        f"the canary is {format_difference(abs(found.value), 'seconds')} {how}{of}: it takes "
        f"{format_value(medians[1], 'seconds')} in the median, the baseline "
        f"{format_value(medians[0], 'seconds')}"
    )
    if cold:
        fact += (
            f"; the window's first {whole.begins[cold] - whole.begins[0]:.0f} s are left out, as "
            "the canary was still getting faster then, from "
            f"{format_value(whole.latencies[0], 'seconds')}"
        )
    wrong = found.p < rule.level and found.value >= least
    # All of the window tells best whether it gets better yet. A pod warms up for all that it is
    # asked: where that is sure of one kind, it goes for the others.
    if wrong and (
        any(warms_up(each, least) for each in (whole.apart, apart))
        or gets_faster(whole.latencies, whole.baselines)
        or any(gets_faster(each.latencies, each.baselines, FALLEN) for each in courses)
    ):
        fact, rule = f"{fact}; {WARMS_UP}", Rule(rule.confidence, 0.0)
    return decide(name, "seconds", medians, found, rule, least, fact)


def _difference(
    baseline: Requests, canary: Requests, usual: float, apart: Sequence[float], confidence: float
) -> Difference:
    """By all answers how far they are apart, and by the blocks how likely that is by chance."""
    ratio = ratio_of(*_answered_requests(baseline, canary), confidence)
    value, low, high = (usual * (each - 1) for each in (ratio.value, ratio.low, ratio.high))
    return Difference(value, low, high, statistics.signed_rank(apart, 0.5).p)


@dataclass(frozen=True)
class _Blocks:
    """The blocks in which both have answered.

    Attributes:
        begins: when the canary was asked first in each.
        apart: the canary's median less the baseline's.
        latencies: the canary's median.
        baselines: the baseline's.
    """

    begins: list[float]
    apart: list[float]
    latencies: list[float]
    baselines: list[float]


def _answered_requests(baseline: Requests, canary: Requests) -> tuple[Requests, Requests]:
    return baseline.where(baseline.answered), canary.where(canary.answered)


def _by_block(baseline: Requests, canary: Requests) -> _Blocks:
    import numpy

    base, its = _answered_requests(baseline, canary)
    parted = blocks.blocks_of(base, its, blocks.length_for(base, its))
    medians = blocks.medians(parted.of_canary, its.seconds, parted.count)
    baselines = blocks.medians(parted.of_baseline, base.seconds, parted.count)
    inside = parted.of_canary >= 0
    firsts = numpy.unique(parted.of_canary[inside], return_index=True)[1]
    return _Blocks(
        its.due[inside][firsts].tolist(),
        (medians - baselines).tolist(),
        medians.tolist(),
        baselines.tolist(),
    )


LATENCY = Metric("latency", compare, statistic=True, advice=ADVICE)
