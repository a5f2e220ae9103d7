"""Blocks of time, in which both versions were asked side by side: the unit of evidence.

Requests are not independent: one pause of a pod makes every answer of that second late. So what is
told by its requests is told once a block, and a block is longer than the runs of bad answers that
are seen.

A block is all of a version's pods together, though they pause one by one: an answer that hangs
tells no pod, and of several a pause is in fewer answers, so that blocks overrate it at most. The
worlds with three pods show what that costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_canary.analysis import statistics
from pytest_canary.analysis.statistics import Difference

if TYPE_CHECKING:
    from numpy import ndarray

    from pytest_canary.analysis.requests import Requests

    Column = ndarray[Any, Any]

# Seconds of a block: at 10 requests a second it still has some.
LENGTH = 0.5

# A block outlasts the longest run of bad answers by this, since a run may begin anywhere in one.
MARGIN = 1.25

# Requests that a block has on average, at least: many blocks of few tell more than few of many.
REQUESTS = 2

# Blocks of a window, at most: exact tests take the third power of their number.
MOST = 200


@dataclass(frozen=True)
class Blocks:
    """The blocks in which both versions were asked, in their order.

    Attributes:
        of_baseline, of_canary: the number of the block that each request is in.
        count: how many there are.
    """

    of_baseline: Column
    of_canary: Column
    count: int


def length_for(baseline: Requests, canary: Requests, *bad: Column) -> float:
    """How long a block has to be, in seconds.

    Args:
        baseline: its requests.
        canary: its.
        bad: which of the baseline's are bad in some way, and which of the canary's.
    """
    spans = [longest_run(each, flags) for each, flags in zip((baseline, canary), bad, strict=False)]
    scarcer = min(len(baseline), len(canary))
    span = max(
        (float(each.due[-1] - each.due[0]) for each in (baseline, canary) if len(each)),
        default=0.0,
    )
    filled = REQUESTS * span / scarcer if scarcer else LENGTH
    return max(LENGTH, filled, span / MOST, *(MARGIN * each for each in spans))


def longest_run(requests: Requests, bad: Column) -> float:
    """Seconds that the longest run of nothing but bad answers took that has ended.

    A run that goes on is no pause: nobody knows that it ends. Where most answers are bad, they
    follow each other for no other reason, so that it is the longest run of good ones then.
    """
    import numpy

    rare = bad if 2 * bad.sum() <= len(bad) else ~bad
    others = numpy.flatnonzero(~rare)
    between = numpy.diff(others) > 1
    if not between.any():
        return 0.0
    starts = requests.due[others[:-1][between] + 1]
    ends = requests.due[others[1:][between]]
    return float((ends - starts).max())


def blocks_of(baseline: Requests, canary: Requests, length: float) -> Blocks:
    """Part the time in which both were asked into blocks; one that lacks either is left out."""
    import numpy

    begin = min((float(each.due[0]) for each in (baseline, canary) if len(each)), default=0.0)
    numbers = [((each.due - begin) / length).astype(int) for each in (baseline, canary)]
    both = numpy.intersect1d(numbers[0], numbers[1])
    places = [
        numpy.where(numpy.isin(each, both), numpy.searchsorted(both, each), -1) for each in numbers
    ]
    return Blocks(places[0], places[1], len(both))


def shares(place: Column, bad: Column, count: int) -> tuple[Column, Column]:
    """How many requests of each block are bad, and how many there are."""
    import numpy

    inside = place >= 0
    all_of = numpy.bincount(place[inside], minlength=count)
    hits = numpy.bincount(place[inside], weights=bad[inside], minlength=count)
    return hits, all_of


def medians(place: Column, values: Column, count: int) -> Column:
    """The median of each block's values; nan where it has none."""
    import numpy

    found = numpy.full(count, numpy.nan)
    order = numpy.lexsort((values, place))
    order = order[place[order] >= 0]
    sorted_places = place[order]
    starts = numpy.searchsorted(sorted_places, numpy.arange(count))
    ends = numpy.searchsorted(sorted_places, numpy.arange(count), side="right")
    full = ends > starts
    low = values[order[(starts + (ends - starts - 1) // 2)[full]]]
    high = values[order[(starts + (ends - starts) // 2)[full]]]
    found[full] = (low + high) / 2
    return found


def clustering(*counted: tuple[Column, Column]) -> float:
    """By how much bad answers come together: the design effect, at least 1.

    That is the variance of the share between blocks, over what it would be if each answer were bad
    on its own (Kish, Survey Sampling, 1965, 5.4 and 8.2): of so many answers, a share is known no
    better than of a count smaller by this factor.

    Args:
        counted: of each version, the blocks' bad answers and all of them.
    """
    known = [_deviations(each) for each in counted if len(each[0]) > 1 and each[1].sum()]
    seen = sum(variance(deviations) for deviations, _ in known)
    expected = sum(alone for _, alone in known)
    return max(1.0, seen / expected) if expected else 1.0


def clustering_of_pairs(base: tuple[Column, Column], its: tuple[Column, Column]) -> float:
    """The same of the difference between two versions in the same blocks.

    What makes both bad at once, such as a busy machine, parts them not.
    """
    (ours, alone), (theirs, base_alone) = _deviations(its), _deviations(base)
    expected = alone + base_alone
    if len(ours) < 2 or not expected:
        return 1.0
    return max(1.0, variance(ours - theirs) / expected)


def _deviations(counted: tuple[Column, Column]) -> tuple[Column, float]:
    """What each block adds to a share beyond its due; and the share's variance without blocks."""
    hits, trials = counted
    total = float(trials.sum())
    share = float(hits.sum()) / total
    return (hits - share * trials) / total, share * (1 - share) / total


def variance(deviations: Column) -> float:
    """Of a share, by what its blocks add to it."""
    blocks = len(deviations)
    return float((deviations**2).sum()) * blocks / (blocks - 1)


@dataclass(frozen=True)
class Shares:
    """What part of either version's requests is bad, block by block.

    Attributes:
        baseline, canary: of each block, how many are, and how many there are.
        doubted: the same of the canary, where what may still turn out bad is counted too.
    """

    baseline: tuple[Column, Column]
    canary: tuple[Column, Column]
    doubted: tuple[Column, Column]

    @property
    def differences(self) -> list[float]:
        """The canary's share less the baseline's, of each block."""
        return _differences(self.baseline, self.canary)

    @property
    def feared(self) -> list[float]:
        """The same, where all that may still turn out bad does."""
        return _differences(self.baseline, self.doubted)

    def difference(self, confidence: float) -> Difference:
        """By how much more of the canary's are bad, with a p by the blocks in which more were.

        The interval's upper end counts what may still turn out bad.
        """
        if not len(self.canary[0]):
            return Difference(0.0, -math.inf, math.inf, 1.0)
        value, low, _ = apart(self.baseline, self.canary, confidence, paired=True)
        _, _, high = apart(self.baseline, self.doubted, confidence, paired=True)
        return Difference(value, low, high, statistics.signed_rank(self.differences, 0.5).p)


def bad_shares(baseline: Requests, canary: Requests, bad: tuple[Column, Column]) -> Shares:
    """The shares of what is bad, in blocks that outlast its runs.

    Args:
        baseline: its requests.
        canary: its; of which what is not answered yet may turn out bad.
        bad: which of the baseline's are, and which of the canary's.
    """
    blocks = blocks_of(baseline, canary, length_for(baseline, canary, *bad))
    return Shares(
        shares(blocks.of_baseline, bad[0], blocks.count),
        shares(blocks.of_canary, bad[1], blocks.count),
        shares(blocks.of_canary, bad[1] | canary.waiting, blocks.count),
    )


def _differences(base: tuple[Column, Column], its: tuple[Column, Column]) -> list[float]:
    return [float(each) for each in its[0] / its[1] - base[0] / base[1]]


def blocks_alone(requests: Requests, length: float) -> tuple[Column, Column]:
    """One version's blocks: the number of the one that each request is in, and each one's first.

    Args:
        requests: one at least.
        length: of a block, in seconds.
    """
    import numpy

    numbers = ((requests.due - requests.due[0]) / length).astype(int)
    _, firsts, places = numpy.unique(numbers, return_index=True, return_inverse=True)
    return places, firsts


def shares_alone(requests: Requests, bad: Column) -> tuple[Column, Column]:
    """How many of one version's requests are bad, and how many there are, block by block."""
    places, firsts = blocks_alone(requests, length_for(requests, requests, bad))
    return shares(places, bad, len(firsts))


def difference_of_strangers(
    base: tuple[Requests, Column], its: tuple[Requests, Column], confidence: float
) -> Difference:
    """By how much more of one's requests are bad than of another's, not asked side by side.

    There is nothing to pair, so that their blocks are ranked together.

    Args:
        base: the one's requests, and which of them are bad.
        its: the other's.
        confidence: of the interval, two-sided.
    """
    counted, others = shares_alone(*its), shares_alone(*base)
    value, low, high = apart(others, counted, confidence)
    ranked = [(hits / trials).tolist() for hits, trials in (counted, others)]
    return Difference(value, low, high, statistics.rank_sum(*ranked))


def difference_since(
    before: Requests, now: Requests, bad: tuple[Column, Column], confidence: float
) -> Difference:
    """The same of what was asked before and what is asked now, against a go.

    What is not answered yet may turn out bad: the interval's upper end counts it so.

    Args:
        before: requests, one at least.
        now: likewise.
        bad: which of either are bad.
        confidence: of the interval, two-sided.
    """
    found = difference_of_strangers((before, bad[0]), (now, bad[1]), confidence)
    if not now.waiting.any():
        return found
    doubted = difference_of_strangers((before, bad[0]), (now, bad[1] | now.waiting), confidence)
    return replace(found, high=max(found.high, doubted.high))


def apart(
    base: tuple[Column, Column],
    its: tuple[Column, Column],
    confidence: float,
    *,
    paired: bool = False,
) -> tuple[float, float, float]:
    """By how much more of one are bad than of the other, by their blocks: value, low, high.

    Args:
        base: of each block of the one, how many are bad, and how many there are.
        its: the same of the other.
        confidence: of the interval, two-sided.
        paired: whether both have the same blocks.
    """
    less = clustering_of_pairs(base, its) if paired else clustering(base, its)
    hits, trials, base_hits, base_trials = (float(each.sum()) / less for each in (*its, *base))
    return statistics.share_difference(hits, trials, base_hits, base_trials, confidence)
