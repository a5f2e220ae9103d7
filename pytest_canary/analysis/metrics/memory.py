"""A pod's memory, the canary's against the baseline's: what it holds, and whether it leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from pytest_canary.analysis.comparison import (
    Answer,
    Comparison,
    Observed,
    Rule,
    counted,
    format_value,
    lacking,
)
from pytest_canary.analysis.metrics.metric import Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits

# An allocator takes and returns some megabytes at a time: less than this is no release's doing.
FLOOR = 16e6

# Memory is judged from three measurements on, which cover this part of the longest window.
MEASUREMENTS, SPAN = 3, 1 / 3


@dataclass(frozen=True)
class _Growth:
    """How memory grew: bytes a second, on the whole and in the slower half; bytes, seconds."""

    level: float
    rate: float
    steady: float
    grown: float
    span: float


def _growth(points: Sequence[tuple[float, float]], seconds: float) -> _Growth | None:
    """From the medians of the first, middle and last third, so that no single value decides."""
    # A kubelet that is asked often answers the same measurement again.
    ordered = sorted(dict(points).items())
    if len(ordered) < MEASUREMENTS or ordered[-1][0] - ordered[0][0] < seconds * SPAN:
        return None
    third = len(ordered) // 3
    parts = ordered[:third], ordered[third:-third], ordered[-third:]
    (t1, m1), (t2, m2), (t3, m3) = (
        (median(t for t, _ in part), median(m for _, m in part)) for part in parts
    )
    halves = (m2 - m1) / (t2 - t1), (m3 - m2) / (t3 - t2)
    return _Growth(m3, (m3 - m1) / (t3 - t1), min(halves), m3 - m1, t3 - t1)


def _load(baseline: Observed, canary: Observed) -> float:
    """How many times the requests of a baseline's pod one of the canary gets."""
    its, base = len(canary.requests) / canary.pods, len(baseline.requests) / baseline.pods
    return its / base if base else 1.0


def compare(
    baseline: Observed, canary: Observed, limits: Limits, _rule: Rule
) -> tuple[Comparison, ...]:
    """What a pod holds, and how it grows, against the baseline's pods.

    Measurements a few seconds apart hang together, so that no test would be honest: both are
    compared as they are, with a margin that is well above what allocators and caches do.

    Growth is told as what it comes to in the window at the rate seen, since a leak is as bad in a
    short look. As much is allowed as the baseline's grows for as many requests. A step upwards
    that does not go on, such as a cache that fills, is no leak: the lesser half's rate must be too
    much as well, and at least FLOOR be seen.
    """
    if baseline.memory is None and canary.memory is None:
        return ()
    seconds = limits.seconds
    base, its = (_growth(observed.memory or (), seconds) for observed in (baseline, canary))
    if base is None or its is None:
        scarce = "canary" if base else "baseline"
        what = (
            f"the {scarce}'s memory was not measured {MEASUREMENTS} times over "
            f"{seconds * SPAN:.0f} s"
        )
        return (lacking("memory", "bytes", what),)
    least = max(limits.memory * base.level, FLOOR)
    # The leak first: it is why such a canary holds more.
    return _leak(base, its, _load(baseline, canary), least, seconds), _level(base, its, least)


def _level(base: _Growth, its: _Growth, least: float) -> Comparison:
    sentence = (
        f"a pod of the canary holds {format_value(its.level, 'bytes')}, one of the baseline "
        f"{format_value(base.level, 'bytes')}; {format_value(least, 'bytes')} more is too much"
    )
    answer: Answer = "no-go" if its.level - base.level >= least else "go"
    return counted("memory", "bytes", (base.level, its.level), least, answer, sentence)


def _leak(base: _Growth, its: _Growth, load: float, least: float, seconds: float) -> Comparison:
    # A baseline that shrinks excuses nothing and accuses nobody.
    allowed = max(base.rate * load, 0.0)
    expected, actual = allowed * seconds, its.rate * seconds
    excess, steady = actual - expected, (its.steady - allowed) * seconds
    answer: Answer = "go" if excess < least else "inconclusive"
    if steady >= least and its.grown - allowed * its.span >= FLOOR:
        answer = "no-go"
    sentence = (
        f"a pod of the canary {'grows' if actual >= 0 else 'shrinks'} by "
        f"{format_value(abs(actual), 'bytes')} in {seconds:.0f} s, one of the "
        f"baseline by {format_value(expected, 'bytes')} under such a load; "
        f"{format_value(least, 'bytes')} more is too much"
    )
    if answer == "inconclusive":
        early = f"{format_value(its.grown, 'bytes')} so far are no proof"
        sentence += f", but {early if steady >= least else 'it does not grow steadily'}"
    return counted("memory growth", "bytes", (expected, actual), least, answer, sentence)


def _omitted(baseline: Observed, canary: Observed) -> str:
    if baseline.memory is None and canary.memory is None:
        return "memory: this cluster doesn't tell what pods hold"
    return ""


MEMORY = Metric(
    "memory",
    compare,
    statistic=False,
    advice="look at what the canary keeps from request to request",
    omitted=_omitted,
)
