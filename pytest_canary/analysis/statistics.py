"""What samples tell: pure statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import ndarray


def prepare() -> None:
    """Import what the tests stand on; it takes a while, which is better spent beforehand.

    Of SciPy that is `scipy.special` alone, as `scipy.stats` takes 45 MB more, and a second; what
    is told here is compared with it in the unit tests.
    """
    import scipy.special  # noqa: F401


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
    return _wilson(hits, connections, confidence)


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


def share_difference(
    hits: float, trials: float, base_hits: float, base_trials: float, confidence: float
) -> tuple[float, float, float]:
    """The difference of two shares, such as error rates, with its interval: value, low, high.

    The interval is Newcombe's, from two Wilson intervals (Statistics in Medicine 17, 1998, pages
    873-890, method 10): it stays honest with no error at all, where the textbook's has no width.
    Counts need not be whole: what comes in clusters counts for less.

    Raises:
        ValueError: one of the two has no trial.
    """
    if trials <= 0 or base_trials <= 0:
        raise ValueError("no trial, no share")
    a, b = _wilson(hits, trials, confidence), _wilson(base_hits, base_trials, confidence)
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    return value, low, value + math.hypot(a.high - a.value, b.value - b.low)


def _wilson(hits: float, trials: float, confidence: float) -> Share:
    """Wilson's score interval (Journal of the American Statistical Association 22, 1927)."""
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    value = hits / trials
    middle = (hits + z2 / 2) / (trials + z2)
    half = math.sqrt(z2) * math.sqrt(hits * (1 - value) + z2 / 4) / (trials + z2)
    return Share(value, max(0.0, middle - half), min(1.0, middle + half))


def signed_rank(differences: Sequence[float], confidence: float) -> Difference:
    """What pairs differ by: of all means of two differences, the median.

    That is Hodges and Lehmann's estimate, with Tukey's interval; p is Wilcoxon's signed-rank test,
    exact for ties too, without the pairs that do not differ (Hollander, Wolfe and Chicken,
    Nonparametric Statistical Methods, 2014, 3.1 to 3.3). A few outliers move none of them, however
    far out they are.

    Raises:
        ValueError: there is no pair, or a difference is no number.
    """
    import numpy

    d = numpy.asarray(differences, float)
    if not len(d) or not numpy.isfinite(d).all():
        raise ValueError("differences must be finite numbers, and at least one")
    unequal = d[d != 0]
    ranks = _ranks(abs(unequal))[0]
    p = _tail(ranks, int(ranks[unequal > 0].sum()))
    means = numpy.sort(((d[:, None] + d) / 2)[numpy.triu_indices(len(d))])
    rank = _rank(len(d), (1 - confidence) / 2)
    low, high = (means[rank - 1], means[-rank]) if rank else (-math.inf, math.inf)
    return Difference(float(numpy.median(means)), float(low), float(high), p)


def _ranks(values: ndarray[Any, Any]) -> tuple[ndarray[Any, Any], ndarray[Any, Any]]:
    """Twice the rank of each value, as whole numbers, and how many values share each of them.

    Those that are equal share the mean of their ranks.
    """
    import numpy

    _, places, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    return (2 * numpy.cumsum(counts) - counts + 1)[places], counts


def _null(ranks: ndarray[Any, Any]) -> ndarray[Any, Any]:
    """How likely each sum of ranks is, where each is counted with a chance of a half."""
    import numpy

    chances = numpy.zeros(int(ranks.sum()) + 1)
    chances[0] = 1.0
    for rank in ranks:
        moved = numpy.zeros_like(chances)
        moved[rank:] = chances[: len(chances) - rank]
        chances = (chances + moved) / 2
    return chances


def _tail(ranks: ndarray[Any, Any], total: int) -> float:
    """How likely a sum of ranks of at least this much is."""
    return min(1.0, float(_null(ranks)[total:].sum())) if len(ranks) else 1.0


@cache
def _rank(pairs: int, tail: float) -> int:
    """Which of the smallest means of two is an interval's end; 0 where pairs are too few."""
    import numpy

    below = numpy.cumsum(_null(numpy.arange(1, pairs + 1)))
    return int(numpy.searchsorted(below, tail, side="right"))


def count_difference(
    count: float,
    requests: int,
    base_count: float,
    base_requests: int,
    dispersion: float,
    confidence: float,
) -> Difference:
    """The difference of two rates a request, of events that one request may cause several of.

    The events are taken for Poisson, of a count that is smaller by the dispersion: the interval is
    made as Newcombe's, from two exact ones (Garwood 1936; joined as in Li, Tang, Poon and Tang,
    Communications in Statistics 40, 2011). p is the exact conditional test: given their sum,
    counts are shared out as requests are (Przyborowski and Wilenski, Biometrika 31, 1940).

    Raises:
        ValueError: one of the two has no request.
    """
    if requests < 1 or base_requests < 1:
        raise ValueError("no request, no rate")
    from scipy.special import betainc

    # What is left of the counts is rounded against whoever would be proven.
    events = math.floor(count / dispersion), math.ceil(base_count / dispersion)
    a, b = (
        _per(each / dispersion, of / dispersion, confidence)
        for each, of in ((count, requests), (base_count, base_requests))
    )
    # The binomial distribution's upper tail; a counter of bytes is beyond `bdtrc`.
    expected = requests / (requests + base_requests)
    p = betainc(events[0], events[1] + 1, expected) if events[0] > 0 else 1.0
    value = a.value - b.value
    return Difference(
        value,
        value - math.hypot(a.value - a.low, b.high - b.value),
        value + math.hypot(a.high - a.value, b.value - b.low),
        float(p),
    )


def _per(count: float, requests: float, confidence: float) -> Share:
    from scipy.special import gammainccinv, gammaincinv

    tail = (1 - confidence) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    high = float(gammainccinv(count + 1, tail))
    return Share(count / requests, low / requests, high / requests)


def rank_sum(values: Sequence[float], others: Sequence[float]) -> float:
    """How likely it is that values lie so much above others by chance: Mann-Whitney's p, one-sided.

    Exact where one of them has no more than eight and none are equal; else by the normal
    distribution, corrected for ties and for continuity (Hollander, Wolfe and Chicken, 4.1).

    Raises:
        ValueError: one of the two has no value.
    """
    import numpy

    n, m = len(values), len(others)
    if not n or not m:
        raise ValueError("no value, no rank")
    ranks, counts = _ranks(numpy.concatenate([values, others]))
    above = float(ranks[:n].sum() - n * (n + 1)) / 2
    if min(n, m) <= EXACT and len(counts) == n + m:
        return sum(_orders(min(n, m), max(n, m))[int(above) :]) / math.comb(n + m, n)
    ties = float((counts**3.0 - counts).sum()) / ((n + m) * (n + m - 1))
    spread = math.sqrt(n * m / 12 * (n + m + 1 - ties))
    # All are equal, or so it comes out: there is nothing to tell them apart by.
    return NormalDist().cdf(-(above - n * m / 2 - 0.5) / spread) if spread else 1.0


# Of the smaller sample; from there on the normal distribution is near enough.
EXACT = 8


@cache
def _orders(few: int, many: int) -> tuple[int, ...]:
    """In how many orders of two samples each number of pairs has the few one's value above."""
    ways = [1] + [0] * (few * many)
    # The Gaussian binomial coefficient: its factors one after the other, so that all stay whole.
    for each in range(1, few + 1):
        for at in range(few * many, many + each - 1, -1):
            ways[at] -= ways[at - many - each]
        for at in range(each, few * many + 1):
            ways[at] += ways[at - each]
    return tuple(ways)


def hit_more_often(hits: int, trials: int, base_hits: int, base_trials: int) -> float:
    """How likely at least so many of all hits are the one's by chance: Fisher's exact p, one-sided.

    Unlike Mann and Whitney's it stays honest where there are hardly any hits at all.
    """
    import numpy
    from scipy.special import gammaln

    def ways(of: int, some: Any) -> Any:
        return gammaln(of + 1) - gammaln(some + 1) - gammaln(of - some + 1)

    every = hits + base_hits
    some = numpy.arange(max(hits, every - base_trials), min(every, trials) + 1)
    likely = ways(trials, some) + ways(base_trials, every - some)
    return min(1.0, float(numpy.exp(likely - ways(trials + base_trials, every)).sum()))


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
