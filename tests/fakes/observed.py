"""What was observed of a version, and how sure a metric must be of it."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy

from pytest_canary.analysis.comparison import Comparison, Observed, Rule
from pytest_canary.analysis.memory import Memory
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.requests import Requests
from pytest_canary.config.settings import VerdictSettings as Limits

RULE = Rule(confidence=0.95, level=0.00125)
LIMITS = Limits(errors=0.015, latency=0.15, memory=0.5, seconds=30)

WINDOW = 10.0
"""Seconds over which requests are spread."""


def spread(hits: int, count: int) -> list[bool]:
    """So many true ones of all, as far from each other as can be."""
    return [(each + 1) * hits // count > each * hits // count for each in range(count)]


def within(begin: float, end: float, count: int, window: float = WINDOW) -> list[bool]:
    """Which of so many requests are due from one moment until another."""
    return [begin <= each * window / count < end for each in range(count)]


def parted(total: int, readings: int = 12) -> list[float]:
    """What a counter grew by from reading to reading, as evenly as can be."""
    return [
        float((each + 1) * total // readings - each * total // readings) for each in range(readings)
    ]


def requests(
    count: int = 300,
    errors: int | Sequence[bool] = 0,
    seconds: float | Sequence[float] = 0.1,
    *,
    waiting: Sequence[bool] = (),
    write: Sequence[bool] = (),
    unsent: Sequence[bool] = (),
    size: Sequence[int] = (),
    window: float = WINDOW,
) -> Requests:
    """So many, at a steady pace; errors that are only counted are spread among them."""
    return Requests.of(
        [each * window / count for each in range(count)],
        [seconds] * count if isinstance(seconds, float) else seconds,
        spread(errors, count) if isinstance(errors, int) else errors,
        waiting,
        write,
        unsent,
        size,
    )


def observed(asked: int | Requests = 300, errors: int = 0, **others: Any) -> Observed:
    """Those requests, and nothing else, but for what is given."""
    values: dict[str, Any] = {"restarts": 0} | others
    return Observed(requests(asked, errors) if isinstance(asked, int) else asked, **values)


def timed(latencies: Sequence[float], **columns: Any) -> Observed:
    """Answers that took so long, each."""
    return observed(requests(len(latencies), seconds=latencies, **columns))


def around(seconds: float, count: int, seed: int, spread: float = 0.3) -> list[float]:
    chance = random.Random(seed)
    return [seconds * chance.lognormvariate(0, spread) for _ in range(count)]


def compared_all(
    metric: Metric, baseline: Observed, canary: Observed, rule: Rule = RULE, **limits: float
) -> dict[str, Comparison]:
    """A metric's comparisons by their names, by these limits."""
    found = metric.compare(baseline, canary, LIMITS.model_copy(update=limits), rule)
    return {each.metric: each for each in found}


def compared(
    metric: Metric, baseline: Observed, canary: Observed, rule: Rule = RULE, **limits: float
) -> Comparison:
    """A metric's only comparison, by these limits."""
    (found,) = compared_all(metric, baseline, canary, rule, **limits).values()
    return found


def paused(seed: int, *begins: float, seconds: float = 1.0) -> Observed:
    """600 answers of about 10 ms, but for the pauses, in which all wait for their ends."""
    due = requests(600).due
    took = numpy.array(around(0.01, 600, seed))
    for begin in begins:
        late = (due >= begin) & (due < begin + seconds)
        took[late] = numpy.maximum(took[late], begin + seconds - due[late])
    return timed(list(took))


def read_until(seconds: float, memory: Memory) -> Memory:
    """What was read of it by then."""
    return replace(memory, readings=[each for each in memory.readings if each.seconds <= seconds])
