"""What samples tell: pure statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import ndarray

# An honest split lies outside in 1 of 1000 counts.
CONFIDENCE = 0.999


@dataclass(frozen=True)
class Share:
    """A share of connections, with its confidence interval (fractions of 1)."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """As percentages: "34 % of connections (29 to 39)"."""
        interval = f"{self.low * 100:.0f} to {self.high * 100:.0f}"
        return f"{self.value * 100:.0f} % of connections ({interval})"

    def holds(self, expected: float) -> bool:
        """Whether the expected share lies in the interval."""
        return self.low <= expected <= self.high


def share(hits: int, connections: int, confidence: float = CONFIDENCE) -> Share:
    """The share that so many hits make, with Wilson's score interval.

    Raises:
        ValueError: there was no connection, which says nothing.
    """
    if connections < 1:
        raise ValueError("no connection, no share")
    from scipy.stats import binomtest

    interval = binomtest(hits, connections).proportion_ci(confidence, method="wilson")
    return Share(hits / connections, float(interval.low), float(interval.high))


@dataclass(frozen=True)
class Difference:
    """How much more the canary has of something than the baseline.

    Attributes:
        value: the estimate, canary minus baseline.
        low: the lower end of its two-sided confidence interval; -inf where data is too scarce.
        high: the upper end; inf where data is too scarce.
        p: how likely at least this much is where there is no difference; one-sided.
    """

    value: float
    low: float
    high: float
    p: float


def rate_difference(
    hits: int, trials: int, base_hits: int, base_trials: int, confidence: float
) -> Difference:
    """The difference of two shares, such as error rates.

    The interval is Newcombe's, from two Wilson intervals (Statistics in Medicine 17, 1998, pages
    873-890, method 10): it stays honest with no error at all, where the textbook's has no width.
    p is Fisher's exact test, which promises its error rate for any sample size.

    Raises:
        ValueError: one of the two has no trial.
    """
    from scipy.stats import hypergeom

    a, b = share(hits, trials, confidence), share(base_hits, base_trials, confidence)
    p = hypergeom.sf(hits - 1, trials + base_trials, hits + base_hits, trials)
    return _apart(a, b, float(p))


def count_difference(
    count: int, requests: int, base_count: int, base_requests: int, confidence: float
) -> Difference:
    """The difference of two rates a request, of events that one request may cause several of.

    The events are taken for Poisson: the interval is made as Newcombe's, from two exact ones
    (Garwood 1936; joined as in Li, Tang, Poon and Tang, Communications in Statistics 40, 2011).
    p is the exact conditional test: given their sum, counts are shared out as requests are
    (Przyborowski and Wilenski, Biometrika 31, 1940).

    Raises:
        ValueError: one of the two has no request.
    """
    if requests < 1 or base_requests < 1:
        raise ValueError("no request, no rate")
    from scipy.stats import binom

    a, b = _per(count, requests, confidence), _per(base_count, base_requests, confidence)
    p = binom.sf(count - 1, count + base_count, requests / (requests + base_requests))
    return _apart(a, b, float(p))


def _per(count: int, requests: int, confidence: float) -> Share:
    from scipy.stats import chi2

    tail = (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    high = float(chi2.isf(tail, 2 * count + 2)) / 2
    return Share(count / requests, low / requests, high / requests)


def _apart(a: Share, b: Share, p: float) -> Difference:
    value = a.value - b.value
    return Difference(
        value,
        value - math.hypot(a.value - a.low, b.high - b.value),
        value + math.hypot(a.high - a.value, b.value - b.low),
        p,
    )


def shift(values: Sequence[float], base: Sequence[float], confidence: float) -> Difference:
    """By how much the values lie above the baseline's: of all pairs' differences, the median.

    That is Hodges and Lehmann's estimate, with Moses' distribution-free interval (Hollander, Wolfe
    and Chicken, Nonparametric Statistical Methods, 2014, 4.2 and 4.3); p is the Mann-Whitney test,
    corrected for ties. A few outliers move none of them, however far out they are.

    Raises:
        ValueError: one of the two is empty, or holds what is not a number.
    """
    import numpy
    from scipy.stats import mannwhitneyu, norm

    x, y = numpy.sort(numpy.asarray(values, float)), numpy.sort(numpy.asarray(base, float))
    if not len(x) or not len(y):
        raise ValueError("no value, no shift")
    if not (numpy.isfinite(x).all() and numpy.isfinite(y).all()):
        raise ValueError("values must be finite numbers")
    pairs = len(x) * len(y)
    middle = (_smallest(x, y, (pairs + 1) // 2) + _smallest(x, y, pairs // 2 + 1)) / 2
    spread = math.sqrt(pairs * (len(x) + len(y) + 1) / 12)
    below = math.floor(pairs / 2 - float(norm.isf((1 - confidence) / 2)) * spread)
    scarce = below < 1
    same = x[0] == x[-1] == y[0] == y[-1]
    p = 1.0 if same else mannwhitneyu(x, y, alternative="greater", method="asymptotic").pvalue
    return Difference(
        middle,
        -math.inf if scarce else _smallest(x, y, below),
        math.inf if scarce else _smallest(x, y, pairs + 1 - below),
        float(p),
    )


def _smallest(x: ndarray[Any, Any], y: ndarray[Any, Any], rank: int) -> float:
    """The difference of this rank, from 1, among all `x[i] - y[j]`; both sorted.

    By bisection: ten thousand requests make fifty million pairs, which need not be in memory.
    """
    low, high = float(x[0] - y[-1]), float(x[-1] - y[0])
    for _ in range(45):  # the range in 3e13 parts, far finer than any clock
        middle = (low + high) / 2
        if int((len(y) - y.searchsorted(x - middle)).sum()) >= rank:
            high = middle
        else:
            low = middle
    return high


def quantile(values: Sequence[float], fraction: float) -> float:
    """The value below which this fraction of all values lies, interpolated.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("no value, no quantile")
    ordered = sorted(values)
    at = fraction * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
