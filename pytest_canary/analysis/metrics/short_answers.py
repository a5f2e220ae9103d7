"""The share of reads that are answered with far less than the others: with an empty list, say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_canary.analysis.blocks import LENGTH, bad_shares, blocks_of, medians
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decide,
    format_value,
)
from pytest_canary.analysis.kinds import Kind
from pytest_canary.analysis.metrics.metric import Metric

if TYPE_CHECKING:
    from numpy import ndarray

    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

    Column = ndarray[Any, Any]

NAME = "short answers"

# A read is answered with too little that has less than this part of what its version's answers of
# the same moment have in the median. So what lacks for a moment in most of them is not seen.
PART = 0.5

# Reads that a moment has, on average, so that one knows what is usual in it.
READS = 10

# Where so many of the baseline's are short, answers differ in length: nothing follows from that.
VARIES = 0.005

# The tests of the other metrics share the risk of a false no-go evenly. This one takes so small a
# part of one of theirs beside it: what is never short with the baseline is proven soon all the
# same.
RISK = 0.1


@dataclass(frozen=True)
class _Reads:
    """Both versions' reads, and which of them are answered with far too little."""

    baseline: Requests
    canary: Requests
    short: tuple[Column, Column]

    @property
    def rates(self) -> tuple[float, float]:
        """The share of each version's."""
        return float(self.short[0].mean()), float(self.short[1].mean())


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """Each read beside the version's others of the same moment, as what is read may grow meanwhile.

    A release may answer with more or less than the one before: what counts is how much a version's
    own answers differ. So one that answers all alike says nothing here, whatever it answers.
    """
    reads = _reads(baseline.requests, canary.requests)
    if reads is None or reads.rates[0] > VARIES:
        return ()
    rates = reads.rates
    kind = Kind("reads", "", 1 - canary.requests.share_of_writes, lambda each: each)
    found = bad_shares(reads.baseline, reads.canary, reads.short).difference(rule.confidence)
    fact = (
        f"{format_value(rates[1], 'share')} of {rule.called}'s reads are answered with less than "
        f"half of what is usual, {format_value(rates[0], 'share')} of the baseline's"
    )
    rule = replace(rule, level=RISK * rule.level)
    return (decide(NAME, "share", rates, found, rule, kind.least(limits.errors), fact),)


def _reads(baseline: Requests, canary: Requests) -> _Reads | None:
    """The reads; None where there are too few, or nobody has measured what they are answered with.

    What has no answer yet, or a wrong one, is another metric's matter, and not short.
    """
    base, ours = baseline.where(~baseline.write), canary.where(~canary.write)
    if min(int(each.answered.sum()) for each in (base, ours)) < READS:
        return None
    if not (base.size.any() or ours.size.any()):
        return None
    length = max(LENGTH, READS * float(base.due[-1] - base.due[0]) / len(base))
    blocks = blocks_of(base, ours, length)
    short = (
        _short(base, blocks.of_baseline, blocks.count),
        _short(ours, blocks.of_canary, blocks.count),
    )
    return _Reads(base, ours, short)


def _short(reads: Requests, moments: Column, count: int) -> Column:
    """Which of a version's reads have far less than others of their moment."""
    import numpy

    places = numpy.where(reads.answered, moments, -1)
    usual = medians(places, reads.size, count)
    return (places >= 0) & (reads.size < PART * usual[places])


def _omission(baseline: Observed, canary: Observed) -> str:
    reads = _reads(baseline.requests, canary.requests)
    if reads is None or reads.rates[0] <= VARIES:
        return ""
    return (
        f"{NAME}: {format_value(reads.rates[0], 'share')} of the baseline's own reads are answered "
        "with less than half of what is usual"
    )


SHORT_ANSWERS = Metric(
    NAME,
    compare,
    statistic=False,
    advice="read the same thing from a pod of the canary's again and again, and look for what "
    "lacks: an error that is taken for nothing found, a cache, a page that is cut",
    omitted=_omission,
)
