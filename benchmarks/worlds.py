"""The worlds that verdicts are simulated in: what canary and baseline do with each request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

Chance = numpy.random.Generator
Values = Any


def lognormal(chance: Chance, write: Values) -> Values:
    """Around 100 ms, one in forty beyond 265 ms: what a service of one kind of request has."""
    return 0.1 * chance.lognormal(0, 0.5, len(write))


def bimodal(chance: Chance, write: Values) -> Values:
    """Reads around 60 ms and a fifth around 180 ms; one in a hundred hangs, Pareto-like."""
    count = len(write)
    middle = numpy.where(chance.random(count) < 0.2, 0.18, 0.06)
    hung = numpy.where(chance.random(count) < 0.01, 0.2 * (1 + chance.pareto(1.5, count)), 0)
    return middle * chance.lognormal(0, 0.25, count) + hung


def quick(chance: Chance, write: Values) -> Values:
    """Around 10 ms and tight, as a small app on loopback."""
    return 0.01 * chance.lognormal(0, 0.15, len(write))


def two_kinds(chance: Chance, write: Values) -> Values:
    """Reads around 5 ms, writes around 50 ms."""
    return numpy.where(write, 0.05, 0.005) * chance.lognormal(0, 0.3, len(write))


def queued(due: Values, works: Values, seconds: Values) -> Values:
    """Seconds until each is answered where one is worked off after the other.

    Args:
        due: when each comes, ascending.
        works: seconds of work that each is.
        seconds: how long each would take if it were alone.
    """
    free, ends = 0.0, []
    for comes, work, alone in zip(due, works, seconds, strict=True):
        free = max(comes + alone, free + work)
        ends.append(free)
    return numpy.array(ends) - due


@dataclass(frozen=True)
class Track:
    """What one version does.

    Attributes:
        latency: draws latencies, in seconds.
        pods: how many answer, in turn by chance.
        errors: the share of requests that fail.
        write_errors: the share of writes that fail.
        slower: what latencies are multiplied by.
        more: seconds that are added to them.
        hangs: the share of requests that take `hang` seconds.
        slow_reads: the share of reads that take `slow_read` seconds.
        stall: seconds for which a pod answers nothing, once in `every` seconds by chance, or at the
            moment `once`.
        one_at_a_time: whether a pod works off what comes one by one, so that what came in a pause
            waits in a queue.
        burst: seconds for which every request fails, once in each `burst_every`.
        per_row: seconds that a read takes for each row there is.
        cold: by how many times its own pace it is slower when it starts, falling with `fade`.
    """

    latency: Callable[[Chance, Values], Values]
    pods: int = 1
    errors: float = 0.0
    write_errors: float = 0.0
    slower: float = 1.0
    more: float = 0.0
    hangs: float = 0.0
    hang: float = 50.0
    slow_reads: float = 0.0
    slow_read: float = 0.0
    stall: float = 0.0
    every: float = 30.0
    once: float | None = None
    one_at_a_time: bool = False
    burst: float = 0.0
    burst_every: float = 6.0
    per_row: float = 0.0
    cold: float = 0.0
    fade: float = 10.0

    def answer(
        self, chance: Chance, due: Values, write: Values, age: float, rows: float = 0.0
    ) -> tuple[Values, Values]:
        """Seconds that each request takes, and which fail.

        Args:
            chance: the dice.
            due: seconds after the window's beginning, ascending.
            write: which of them write.
            age: seconds for which the pods have run by then.
            rows: how many there are by then.
        """
        count, end = len(due), float(due[-1])
        seconds = self.latency(chance, write) + ~write * self.per_row * (rows + write.cumsum())
        seconds = seconds * self.slower + self.more
        seconds *= 1 + self.cold * numpy.exp(-(due + age) / self.fade)
        hit = ~write & (chance.random(count) < self.slow_reads)
        seconds = numpy.where(hit, self.slow_read, seconds)
        seconds = numpy.where(chance.random(count) < self.hangs, self.hang, seconds)
        failed = chance.random(count) < self.errors
        failed |= write & (chance.random(count) < self.write_errors)
        if self.stall:
            pod = chance.integers(0, self.pods, count)
            for each in range(self.pods):
                starts = chance.uniform(-self.stall, end, chance.poisson(end / self.every))
                for at in starts if self.once is None else [self.once]:
                    held = (pod == each) & (due >= at) & (due < at + self.stall)
                    waits = at + self.stall - due + seconds
                    seconds = numpy.where(held, numpy.maximum(seconds, waits), seconds)
        if self.one_at_a_time:
            seconds = queued(due, self.latency(chance, write) * self.slower, seconds)
        if self.burst:
            since = (due - chance.uniform(0, self.burst_every)) % self.burst_every
            failed |= since < self.burst
        return seconds, failed


@dataclass(frozen=True)
class World:
    """A canary beside a baseline.

    Attributes:
        name: in the table.
        baseline: the version that is live.
        canary: what the canary does otherwise.
        age: seconds for which the canary has run when the verdict begins; the baseline for long.
        earlier: what the baseline did otherwise before the canary came.
        drift: the part of itself by which all latencies grow each second, whatever is released.
        aged: seconds for which the baseline had run when it was asked alone.
    """

    name: str
    baseline: Track
    otherwise: dict[str, Any] = field(default_factory=dict)
    age: float = 10.0
    earlier: dict[str, Any] = field(default_factory=dict)
    drift: float = 0.0
    aged: float = 60.0

    @property
    def past(self) -> Track:
        """The baseline before the canary came."""
        return replace(self.baseline, **self.earlier)

    @property
    def canary(self) -> Track:
        """The candidate."""
        return replace(self.baseline, **self.otherwise)


def since(name: str, track: Track, **now: Any) -> World:
    """Both versions alike, and otherwise than the baseline was before the canary came."""
    changed = {key: getattr(track, key) for key in now}
    return World(name, replace(track, **now), earlier=changed)


LOGNORMAL, BIMODAL, QUICK, TWO = map(Track, (lognormal, bimodal, quick, two_kinds))

EQUAL = (
    World("lognormal", LOGNORMAL),
    World("bimodal", BIMODAL),
    World("quick", QUICK),
    World("two kinds", TWO),
    World("lognormal, 0.1 % errors", replace(LOGNORMAL, errors=0.001)),
    World("two kinds, 1 % errors", replace(TWO, errors=0.01)),
    World("a pause of 0.3 s every 10 s", replace(TWO, stall=0.3, every=10)),
    World("a pause of 0.8 s every 30 s", replace(TWO, stall=0.8)),
    World("a pause of 0.8 s every 30 s, lognormal", replace(LOGNORMAL, stall=0.8)),
    World("a pause of 0.8 s every 30 s, three pods", replace(TWO, stall=0.8, pods=3)),
    World("a pause of 1 s every 15 s", replace(TWO, stall=1, every=15)),
    World("one pause of 0.8 s of the canary", TWO, {"stall": 0.8, "once": 2.0}),
    World(
        "the same, of one that has a queue",
        replace(QUICK, slower=0.5, one_at_a_time=True),
        {"stall": 0.8, "once": 2.0},
    ),
    World("a pause of 2 s every 60 s", replace(TWO, stall=2, every=60)),
    World("a pause of 2 s every 60 s, three pods", replace(TWO, stall=2, every=60, pods=3)),
    World("errors for 0.3 s every 10 s", replace(TWO, burst=0.3, burst_every=10)),
    World("slow start, 2 x, 10 s, lognormal", LOGNORMAL, {"cold": 1}),
    World("slow start, 3 x, 10 s", TWO, {"cold": 2}),
    World("slow start, 2 x, 20 s, lognormal", LOGNORMAL, {"cold": 1, "fade": 20}),
    World("slow start, 4 x, 15 s", TWO, {"cold": 3, "fade": 15}),
    World("slow start, 4 x, 5 s, just ready", LOGNORMAL, {"cold": 3, "fade": 5}, age=0.0),
    World("slow start, 4 x, 15 s, quick", QUICK, {"cold": 3, "fade": 15}),
)
HARMLESS = (World("1 ms slower, quick", QUICK, {"more": 0.001}),)
BETWEEN = (
    World("1 % errors", LOGNORMAL, {"errors": 0.01}),
    World("10 % slower", LOGNORMAL, {"slower": 1.1}),
)
BORDER = (
    World("1.5 % errors", LOGNORMAL, {"errors": 0.015}),
    World("1 % and 2.5 % errors", replace(TWO, errors=0.01), {"errors": 0.025}),
    World("errors for 0.075 s every 5 s", TWO, {"burst": 0.075, "burst_every": 5}),
    World("errors for 0.06 s every 4 s", TWO, {"burst": 0.06, "burst_every": 4}),
    World("errors for 0.03 s every 2 s", TWO, {"burst": 0.03, "burst_every": 2}),
    World("15 % of writes fail", TWO, {"write_errors": 0.15}),
    World("15 % slower", LOGNORMAL, {"slower": 1.15}),
    World(
        "15 % slower after a slow start, 3 x, 5 s, just ready",
        LOGNORMAL,
        {"slower": 1.15, "cold": 2, "fade": 5},
        age=0.0,
    ),
    World("3.3 % hang", LOGNORMAL, {"hangs": 0.033}),
)
WORSE = (
    World("2 % errors", LOGNORMAL, {"errors": 0.02}),
    World("5 % errors", LOGNORMAL, {"errors": 0.05}),
    World("every request fails", TWO, {"errors": 1.0}),
    World("half of the writes fail", TWO, {"write_errors": 0.5}),
    World("errors for 1 s every 20 s", TWO, {"burst": 1, "burst_every": 20}),
    World("one pause of 3 s of the canary", TWO, {"stall": 3, "once": 2.0}),
    World("one pause of 4 s of the canary, at once", LOGNORMAL, {"stall": 4, "once": 0.0}),
    World("one pause of 5 s of the canary", LOGNORMAL, {"stall": 5, "once": 2.0}),
    World("one pause of 8 s of the canary", TWO, {"stall": 8, "once": 2.0}),
    World("20 % slower", LOGNORMAL, {"slower": 1.2}),
    World("100 ms slower, quick", QUICK, {"more": 0.1}),
    World("5 % hang", LOGNORMAL, {"hangs": 0.05}),
    World("15 % take 9 s", TWO, {"hangs": 0.15, "hang": 9}),
    World("a fifth of reads 12 times slower", TWO, {"slow_reads": 0.2, "slow_read": 0.06}),
    World("a third of reads 12 times slower", TWO, {"slow_reads": 0.33, "slow_read": 0.06}),
)
# Both versions alike, and the baseline was otherwise before the canary came.
BUSIER = (
    since("10 % slower than before, lognormal", LOGNORMAL, slower=1.1),
    since("20 % slower than before, lognormal", LOGNORMAL, slower=1.2),
    since("20 % slower than before, bimodal", BIMODAL, slower=1.2),
    since("20 % slower than before, two kinds", TWO, slower=1.2),
    since("4 ms slower than before, quick", QUICK, more=0.004),
    World("reads that take 0.1 ms a row more, two kinds", replace(TWO, per_row=0.0001)),
    since("the same, 20 % slower than before", replace(TWO, per_row=0.0001), slower=1.2),
    World("reads that take 5 ms a row more, two kinds", replace(TWO, per_row=0.005)),
)
SOMEWHAT = (
    since("30 % slower than before, lognormal", LOGNORMAL, slower=1.3),
    since("reads of 10 ms that took 5, two kinds", TWO, slower=2),
    since("twice as slow as before, lognormal", LOGNORMAL, slower=2),
)
HARMED = (
    since("500 times slower than before, two kinds", TWO, slower=500),
    since("500 times slower than before, 0.1 ms a row", replace(TWO, per_row=0.0001), slower=500),
    since("three times as slow as before, bimodal", BIMODAL, slower=3),
    since("a twelfth takes 1.5 s since, two kinds", TWO, hangs=0.083, hang=1.5),
    since("5 % errors since, two kinds", TWO, errors=0.05),
)

# One after the other: the baseline, an update of 20 s, the candidate.
COLD = replace(LOGNORMAL, cold=3, fade=5)
TURNS_EQUAL = (
    World("in turn: lognormal", LOGNORMAL, age=0.0),
    World("in turn: two kinds, 1 % errors", replace(TWO, errors=0.01), age=0.0),
    World("in turn: bimodal", BIMODAL, age=0.0),
    World("in turn: quick", QUICK, age=0.0),
    World("in turn: a pause of 0.8 s every 30 s", replace(TWO, stall=0.8), age=0.0),
    World("in turn: a pause of 2 s every 60 s", replace(TWO, stall=2, every=60), age=0.0),
    World("in turn: both start slowly, 4 x, 5 s", COLD, age=0.0, aged=2.0),
    World("in turn: latencies grow 0.2 % a second", LOGNORMAL, age=0.0, drift=0.002),
    World("in turn: latencies grow 0.5 % a second", LOGNORMAL, age=0.0, drift=0.005),
    World("in turn: latencies grow 2 % a second", LOGNORMAL, age=0.0, drift=0.02),
)
TURNS_BORDER = (
    World("in turn: 1.5 % errors", LOGNORMAL, {"errors": 0.015}, age=0.0),
    World("in turn: 15 % slower", LOGNORMAL, {"slower": 1.15}, age=0.0),
    World("in turn: 3.3 % hang", LOGNORMAL, {"hangs": 0.033}, age=0.0),
)
TURNS_WORSE = (
    World("in turn: 2 % errors", LOGNORMAL, {"errors": 0.02}, age=0.0),
    World("in turn: 5 % errors", LOGNORMAL, {"errors": 0.05}, age=0.0),
    World("in turn: 20 % slower", LOGNORMAL, {"slower": 1.2}, age=0.0),
    World("in turn: twice as slow", LOGNORMAL, {"slower": 2}, age=0.0),
    World(
        "in turn: twice as slow, both start slowly",
        COLD,
        {"slower": 2},
        age=0.0,
        aged=2.0,
    ),
    World("in turn: 5 % hang", LOGNORMAL, {"hangs": 0.05}, age=0.0),
)
