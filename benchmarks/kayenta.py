"""Kayenta's rule, to compare with: the defaults of its NetflixACAJudge-v1.0 as of April 2025.

A metric is High, and the canary fails, where the 98 % confidence interval of the Mann-Whitney
shift lies above 0.25 of the shift itself, and the ratio of the means is at least 1. What is not
High passes, as does a metric whose two samples are equal, whatever their size; with two metrics, a
score of 50 is below any threshold that lets a canary pass. Written from the description of
`classifiers/metric/MannWhitneyClassifier` and `kayenta-mannwhitney` in spinnaker/kayenta.
"""

from __future__ import annotations

from typing import Any

import numpy
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

TOLERANCE, CONFIDENCE, ALLOWED_INCREASE = 0.25, 0.98, 1.0

Values = numpy.ndarray[Any, numpy.dtype[numpy.float64]]


def is_high(canary: Values, baseline: Values) -> bool:
    """Whether the metric is classified as High."""
    if not len(canary) or not len(baseline):
        return False
    if numpy.array_equal(numpy.sort(canary), numpy.sort(baseline)):
        return False
    if numpy.unique(numpy.concatenate([canary, baseline])).size == 1:
        return False
    if numpy.unique(canary).size == 1 and numpy.unique(baseline).size == 1:
        # Kayenta adds a little noise here, so that the interval can be had; the shift stays.
        return bool(canary[0] > baseline[0])
    z = float(norm.isf((1 - CONFIDENCE) / 2))
    low, shift = root(canary, baseline, z), root(canary, baseline, 0.0)
    means = float(canary.mean()), float(baseline.mean())
    ratio = means[0] / means[1] if all(means) else numpy.nan
    return low > TOLERANCE * abs(shift) and (numpy.isnan(ratio) or ratio >= ALLOWED_INCREASE)


def root(x: Values, y: Values, z: float) -> float:
    """The shift of x at which the test's statistic is z, within Kayenta's 0.0001."""
    least, most = float(x.min() - y.max()), float(x.max() - y.min())
    if _statistic(x, y, least) - z <= 0:
        return least
    if _statistic(x, y, most) - z >= 0:
        return most
    return float(brentq(lambda mu: _statistic(x, y, mu) - z, least, most, xtol=1e-4))


def _statistic(x: Values, y: Values, mu: float) -> float:
    """Wilcoxon's rank sum, normalised, corrected for ties and continuity, as in R."""
    n, m = len(x), len(y)
    ranks = rankdata(numpy.concatenate([x - mu, y]))
    above = ranks[:n].sum() - n * (n + 1) / 2 - n * m / 2
    ties = numpy.unique(ranks, return_counts=True)[1].astype(float)
    tied = (ties**3 - ties).sum() / ((n + m) * (n + m - 1))
    spread = numpy.sqrt(n * m / 12 * (n + m + 1 - tied))
    return float((above - numpy.sign(above) * 0.5) / spread)
