"""A pod's memory, the canary's against the baseline's: what it holds, and whether it leaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from pytest_canary.analysis.comparison import (
    Answer,
    Comparison,
    Observed,
    Rule,
    compare_counts,
    format_value,
    missing_comparison,
)
from pytest_canary.analysis.growth import Growth, by_time, growth, thirds
from pytest_canary.analysis.memory import Memory, Reading
from pytest_canary.analysis.metrics.metric import Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits

# A pod that would come to its limit after fewer requests, or sooner, leaks.
REQUESTS, SECONDS = 10_000.0, 300.0

# Bytes. Memory grows in steps of an allocator's, which tell nothing. With less room than this,
# what a pod may grow by could not be told from such a step by a verdict's few hundred requests.
STEP = 1.5e6
ROOM = 100e6

# Bytes more than the baseline's that are no release's doing, however little that holds.
FLOOR = 16e6

# Memory is judged from three readings on, which cover so many seconds, or a third of
# verdict.seconds where that is less.
READINGS, SPAN = 3, 10.0

# Seconds after which a baseline that grows as much is no warm-up any more, or three quarters of
# verdict.seconds where that is less.
EXCUSED = 30.0


@dataclass(frozen=True)
class _Axis:
    """What memory may grow with.

    Attributes:
        place: where a reading stands on it.
        horizon: how far the limit must be on it.
        unit: how far a growth is told for, and in words.
        far: a distance on it, in words.
    """

    place: Callable[[Reading], float]
    horizon: float
    unit: float
    per: str
    far: Callable[[float], str]


AXES = (
    _Axis(
        lambda reading: reading.requests,
        REQUESTS,
        1000.0,
        "in 1,000 requests",
        lambda requests: f"{requests:,.0f} requests",
    ),
    # What grows by itself, asked or not.
    _Axis(by_time, SECONDS, 60.0, "in a minute", lambda s: f"{s:,.0f} s"),
)


@dataclass(frozen=True)
class _Leak:
    """What the canary grows by on and on along an axis, beside the baseline.

    Attributes:
        allowed: bytes a request or a second by which the baseline grew in its worse half.
        steady: the same by which the canary grew in its better half.
        least: how much more would bring it to its limit too soon.
        more: bytes by which it grew more than the baseline, all in all.
    """

    axis: _Axis
    allowed: float
    steady: float
    least: float
    more: float

    @property
    def extent(self) -> float:
        """How many times what would be too much; 1 and more is."""
        return (self.steady - self.allowed) / self.least

    @property
    def is_excused(self) -> bool:
        """Whether the baseline's growth is all that makes it no leak."""
        return self.extent < 1 <= self.steady / self.least


def _level(readings: Sequence[Reading]) -> float:
    """What it holds by now: bytes, the median of the last third."""
    return median(each.held for each in thirds(readings, by_time)[-1])


def _readings_in_order(memory: Memory | None) -> list[Reading]:
    """In order of time; a kubelet that is asked often tells the same reading again."""
    readings = memory.readings if memory else ()
    return [each for _, each in sorted({each.seconds: each for each in readings}.items())]


def _span(readings: Sequence[Reading]) -> float:
    return readings[-1].seconds - readings[0].seconds if readings else 0.0


def compare_held(
    baseline: Memory | None, canary: Memory | None, limits: Limits
) -> tuple[Comparison, ...]:
    """What a pod holds, and whether it leaks, against the baseline's pods.

    Readings a second apart hang together, so that no test would be honest: they are compared as
    they are, with margins well above what allocators do.

    A leak grows on and on, by the same for each request, or each second. What warms up, or fills
    a cache, grows less and less; what a collector clears falls now and then; and both do so in the
    baseline too. So the canary's better half is held against the baseline's worse one, along
    requests and along time, and a leak is what would bring the pod to its limit within 10,000
    requests or 300 s. That is never a go; and a no-go as soon as it has come to what a pod may not
    hold more than the baseline's, as until then it may be a cache that fills, and holds more than
    the baseline's does, as until then it may be younger. Where the baseline
    grows as much, both may be warming up, and the growth is excused only after a while.

    Args:
        baseline: its memory, be it as long as the canary's or until a verdict only.
        canary: the canary's.
        limits: the verdict's.

    Returns:
        Empty where neither version's memory is told.
    """
    if baseline is None and canary is None:
        return ()
    base, its = _readings_in_order(baseline), _readings_in_order(canary)
    span = min(SPAN, limits.seconds / 3)
    for who, readings in (("baseline", base), ("canary", its)):
        if len(readings) < READINGS or _span(readings) < span:
            what = f"the {who}'s memory was not measured {READINGS} times over {span:.0f} s"
            return (missing_comparison("memory", "bytes", what),)
    most = max(limits.memory * _level(base), FLOOR)
    level = _compare_levels(base, its, most)
    limit = canary.limit if canary else None
    if limit is None:
        return (level,)
    # The leak first: it is why such a canary holds more.
    return _compare_growth(base, its, limit, most, min(EXCUSED, 0.75 * limits.seconds)), level


def _compare_levels(base: Sequence[Reading], its: Sequence[Reading], most: float) -> Comparison:
    held = _level(base), _level(its)
    answer: Answer = "go"
    sentence = (
        f"a pod of the canary holds {format_value(held[1], 'bytes')}, one of the baseline "
        f"{format_value(held[0], 'bytes')}; {format_value(most, 'bytes')} more is too much"
    )
    if held[1] - held[0] >= most:
        # What a collector clears now and then may be at its highest here, and lowest there.
        highest, lowest = max(_later(base)), min(_later(its))
        answer = "no-go" if lowest > highest else "inconclusive"
    if answer == "inconclusive":
        sentence += (
            f", but it held {format_value(lowest, 'bytes')} and the baseline's "
            f"{format_value(highest, 'bytes')} a moment before"
        )
    return compare_counts("memory", "bytes", held, most, answer, sentence)


def _later(readings: Sequence[Reading]) -> list[float]:
    """What it held after the first third, in bytes."""
    _, *later = thirds(readings, by_time)
    return [each.held for part in later for each in part]


def _compare_growth(
    base: Sequence[Reading], its: Sequence[Reading], limit: float, most: float, patience: float
) -> Comparison:
    held = _level(its)
    room = max(limit - held, ROOM)
    leaks = []
    for axis in AXES:
        grown = {"baseline": growth(base, axis.place), "canary": growth(its, axis.place)}
        least = room / axis.horizon
        for who, each in grown.items():
            if each and (smallest := each.shortest * least) < STEP:
                what = (
                    f"the {who}'s memory was measured over {axis.far(each.way)}; a leak can be "
                    f"told from a warm-up after {axis.far(each.way * STEP / smallest)}"
                )
                return missing_comparison("memory growth", "bytes", what, least * axis.unit)
        if grown["baseline"] and grown["canary"]:
            leaks.append(_leak(axis, grown["baseline"], grown["canary"], least))
    # One that holds no more than the baseline's may only be younger.
    holds_more = held - _level(base) >= FLOOR
    proven = [leak for leak in leaks if leak.more >= most and holds_more]
    worst = max(leaks, key=lambda leak: (leak.extent >= 1, leak in proven, leak.extent))
    young = min(_span(base), _span(its)) < patience
    excused = [leak for leak in leaks if leak.is_excused and young]
    answer: Answer = "go"
    if worst.extent >= 1:
        answer = "no-go" if worst in proven else "inconclusive"
    elif excused:
        worst, answer = excused[0], "inconclusive"
    why = ", unless it only warms up" if answer == "inconclusive" else ""
    if answer == "inconclusive" and worst.is_excused:
        why = f", which takes {patience:.0f} s to tell from two that only warm up"
    values = worst.allowed * worst.axis.unit, worst.steady * worst.axis.unit
    least = worst.least * worst.axis.unit
    return compare_counts(
        "memory growth", "bytes", values, least, answer, _tell(worst, limit, held) + why
    )


def _leak(axis: _Axis, base: Growth, its: Growth, least: float) -> _Leak:
    allowed = max(*base.rates, 0.0)
    return _Leak(axis, allowed, min(its.rates), least, its.grown - allowed * its.span)


def _tell(leak: _Leak, limit: float, held: float) -> str:
    """What the canary grows by, in words, and when it comes to its limit where that is soon."""
    axis = leak.axis
    base, its, least = (
        format_value(each * axis.unit, "bytes")
        for each in (leak.allowed, max(leak.steady, 0.0), leak.least)
    )
    grows = (
        f"a pod of the canary grows by {its} {axis.per} and goes on, one of the baseline by {base}"
    )
    if its == "0 MB":
        grows = (
            "a pod of the canary does not go on growing, one of the baseline grows by "
            f"{base} {axis.per}"
        )
    if leak.extent < 1:
        return f"{grows}; {least} more would be too much"
    left = axis.far(max(limit - held, 0.0) / leak.steady)
    return f"{grows}; after {left} more it comes to its limit of {format_value(limit, 'bytes')}"


def compare(
    baseline: Observed, canary: Observed, limits: Limits, _rule: Rule
) -> tuple[Comparison, ...]:
    """See `compare_held`."""
    return compare_held(baseline.memory, canary.memory, limits)


def _omission(baseline: Observed, canary: Observed) -> str:
    if baseline.memory is None and canary.memory is None:
        return "memory: this cluster doesn't tell what pods hold"
    if canary.memory and canary.memory.limit is None:
        return "memory growth: the canary has no memory limit, and nobody may ask for its node's"
    return ""


MEMORY = Metric(
    "memory",
    compare,
    statistic=False,
    advice="look at what the canary keeps from request to request",
    omitted=_omission,
)
