"""How long answers take on the whole, reads and writes apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_canary.analysis import blocks, statistics
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decided,
    format_difference,
    format_value,
    lacking,
)
from pytest_canary.analysis.kinds import Kind, parts_of
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.warm_up import WARMS_UP, level_at, warms_up

if TYPE_CHECKING:
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

# A difference of latencies below this is the machine's, not the release's: containers that share
# two cores differ by some milliseconds for no other reason. So 1 ms stops nobody, at any p.
LATENCY_FLOOR = 0.005

# Answers of a kind below which nothing is said of their latency.
LATENCIES = 20

ADVICE = "look at what the canary does for a request that the baseline does not"


def too_few(kind: Kind, baseline: int, canary: int) -> str:
    """Which version has so few answers that it is too few, in words; empty where none has."""
    for who, count in (("canary", canary), ("baseline", baseline)):
        if count < LATENCIES:
            what = f"{count} answers to {kind.plural} that are no error"
            return f"the {who} has {what}; latencies take {LATENCIES}"
    return ""


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """How much slower the canary's answers are on the whole, for each kind of request.

    What matters is a part of the baseline's median, but never less than LATENCY_FLOOR. Of a kind
    that is rare more is allowed, by the root of its share, as it is known less well.
    """
    kinds = parts_of(baseline.requests, canary.requests)
    rule = Rule(rule.confidence, level_at(canary.age, rule.level / len(kinds)))
    return tuple(
        _shift(
            kind,
            kind.of(baseline.requests),
            kind.of(canary.requests),
            limits.latency / math.sqrt(kind.share),
            rule,
        )
        for kind in kinds
    )


def _shift(kind: Kind, baseline: Requests, canary: Requests, part: float, rule: Rule) -> Comparison:
    name = f"latency{kind.suffix}"
    scarce = too_few(kind, len(baseline.latencies), len(canary.latencies))
    if scarce:
        return lacking(name, "seconds", scarce)
    apart = _by_block(baseline, canary)
    if not apart:
        return lacking(name, "seconds", "the two versions did not answer at the same time")
    found = statistics.signed_rank(apart, rule.confidence)
    medians = (
        statistics.quantile(baseline.latencies.tolist(), 0.5),
        statistics.quantile(canary.latencies.tolist(), 0.5),
    )
    least = max(part * medians[0], LATENCY_FLOOR)
    how = "slower" if found.value >= 0 else "faster"
    of = f" with {kind.plural}" if kind.suffix else ""
    fact = (
        f"the canary is {format_difference(abs(found.value), 'seconds')} {how}{of}: it takes "
        f"{format_value(medians[1], 'seconds')} in the median, the baseline "
        f"{format_value(medians[0], 'seconds')}"
    )
    if found.p < rule.level and found.value >= least and warms_up(apart, least):
        fact, rule = f"{fact}; {WARMS_UP}", Rule(rule.confidence, 0.0)
    return decided(name, "seconds", medians, found, rule, least, fact)


def _by_block(baseline: Requests, canary: Requests) -> list[float]:
    """The canary's median less the baseline's, of each block of time that has both."""
    import numpy

    base, its = baseline.where(baseline.answered), canary.where(canary.answered)
    parted = blocks.blocks_of(base, its, blocks.length_for(base, its))
    found = blocks.medians(parted.of_canary, its.seconds, parted.count)
    found = found - blocks.medians(parted.of_baseline, base.seconds, parted.count)
    return [float(each) for each in found[numpy.isfinite(found)]]


LATENCY = Metric("latency", compare, statistic=True, advice=ADVICE)
