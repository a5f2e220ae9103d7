"""How many times as long one version's answers take as another's: by all of them, ranked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from pytest_canary.analysis import blocks

if TYPE_CHECKING:
    from pytest_canary.analysis.blocks import Blocks
    from pytest_canary.analysis.requests import Column, Requests

# What takes less is told apart by nobody, and 0 s are no ratio's base.
SHORTEST = 1e-6

# Logarithms are counted in millionths, as whole numbers: what is equal stays so when it is moved.
STEP = 1e-6

# Blocks of either version that say how far apart they lie, where they were asked in turn.
LEAST_BLOCKS = 4

# Blocks that differ by more than chance makes of independent answers once in twenty: answers that
# are near each other depend on each other, and may do so for longer than a block.
DEPENDENT = 0.05
LONGER = 2.0


@dataclass(frozen=True)
class Ratio:
    """How many times as long the canary's answers take.

    Attributes:
        value: the estimate: 1 where they take as long.
        low, high: its two-sided confidence interval; 0 and inf where data is too scarce.
    """

    value: float
    low: float
    high: float


def ratio_of(
    baseline: Requests, canary: Requests, confidence: float, *, in_turn: bool = False
) -> Ratio:
    """The median of all ratios of two answers, one of each version.

    That is Hodges and Lehmann's estimate, of logarithms; its interval has the ratios at which Mann
    and Whitney's test would not tell the two apart (Hollander, Wolfe and Chicken, Nonparametric
    Statistical Methods, 2014, 4.2 and 4.3). A few outliers move none of them, however far out they
    are; and a block of many answers counts for more than one of few, so that it takes fewer answers
    than medians of blocks do.

    What makes both versions slow at the same time parts them not, so the test's variance is that
    of its parts by block where that is more than what independent answers have. Where it is so
    much more that chance hardly makes it, it is no better known than by so few blocks (Student's
    t), and longer ones are looked at too.

    Args:
        baseline: its requests that are answered, one at least.
        canary: likewise.
        confidence: of the interval, two-sided.
        in_turn: whether they were asked one after the other: then each has blocks of its own.
    """
    import numpy

    logs = [
        numpy.rint(numpy.log(numpy.maximum(each.seconds, SHORTEST)) / STEP).astype(int)
        for each in (baseline, canary)
    ]
    base, its = (numpy.sort(each) for each in logs)
    value = _shift(base, its, 0.5)
    above = (
        0.5 - _part_below(its, logs[0] + value),
        _part_below(base, logs[1] - value) - 0.5,
    )
    width = _half_width_in_turn if in_turn else _half_width
    away = width(baseline, canary, above, confidence)
    return Ratio(
        math.exp(STEP * value),
        math.exp(STEP * _shift(base, its, 0.5 + away)) if away < 0.5 else 0.0,
        math.exp(STEP * _shift(base, its, 0.5 - away)) if away < 0.5 else math.inf,
    )


def _half_width(
    baseline: Requests, canary: Requests, above: tuple[Column, Column], confidence: float
) -> float:
    """Of the interval of how often the canary's answer is the longer one, of all pairs.

    Args:
        baseline: its requests.
        canary: its.
        above: what each of their answers adds to that, beyond a half.
        confidence: of the interval.
    """
    from scipy.special import chdtri, stdtrit

    tail = (1 - confidence) / 2
    length = blocks.length_for(baseline, canary)
    parted = blocks.blocks_of(baseline, canary, length)
    # So few would not tell that all are slower by more than chance (Wilcoxon).
    if 0.5**parted.count > tail:
        return math.inf
    alone = sum(float((each**2).mean()) / len(each) for each in above)
    if not alone:
        return 0.0
    seen, freedom = _variance(parted, above), parted.count - 1
    normal = NormalDist().inv_cdf(1 - tail) * math.sqrt(max(alone, seen))
    if seen / alone <= chdtri(freedom, DEPENDENT) / freedom:
        return normal
    longer = blocks.blocks_of(baseline, canary, LONGER * length)
    if longer.count < 2:
        return math.inf
    return max(
        normal,
        -float(stdtrit(freedom, tail)) * math.sqrt(seen),
        -float(stdtrit(longer.count - 1, tail)) * math.sqrt(_variance(longer, above)),
    )


def _half_width_in_turn(
    baseline: Requests, canary: Requests, above: tuple[Column, Column], confidence: float
) -> float:
    """The same, where no block of the one is any of the other's.

    How far blocks of either lie apart says how well it is known, and Student's t of the fewer how
    well that is: what makes all of a second slow does so to one of them alone.
    """
    import numpy
    from scipy.special import stdtrit

    tail = (1 - confidence) / 2
    alone = sum(float((each**2).mean()) / len(each) for each in above)
    length = blocks.length_for(baseline, canary)
    widths = [NormalDist().inv_cdf(1 - tail) * math.sqrt(alone)]
    for part in (1.0, LONGER):
        parted = [blocks.blocks_alone(each, part * length) for each in (baseline, canary)]
        fewer = min(len(firsts) for _, firsts in parted)
        # So few say nothing by themselves of how far they are apart.
        if fewer < LEAST_BLOCKS:
            return math.inf
        variance = sum(
            blocks.variance(numpy.bincount(place, each, len(firsts)) / len(each))
            for (place, firsts), each in zip(parted, above, strict=True)
        )
        widths.append(-float(stdtrit(fewer - 1, tail)) * math.sqrt(variance))
    return max(widths)


def _variance(parted: Blocks, above: tuple[Column, Column]) -> float:
    """Of the mean of both, by what their blocks add to it."""
    import numpy

    added = numpy.zeros(parted.count)
    for place, each in zip((parted.of_baseline, parted.of_canary), above, strict=True):
        inside = place >= 0
        added += numpy.bincount(place[inside], each[inside], parted.count) / len(each)
    return blocks.variance(added)


def _part_below(ordered: Column, values: Column) -> Column:
    """Of each value, which part of what is in order lies below it; what is equal counts half."""
    import numpy

    left, right = (numpy.searchsorted(ordered, values, side) for side in ("left", "right"))
    below: Column = (left + right) / (2 * len(ordered))
    return below


def _shift(base: Column, its: Column, part: float) -> int:
    """By how much one has to be moved so that it is the longer one in no more than such a part."""
    low, high = int(its[0] - base[-1]) - 1, int(its[-1] - base[0]) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if float(_part_below(base, its - middle).mean()) > part:
            low = middle
        else:
            high = middle
    return high
