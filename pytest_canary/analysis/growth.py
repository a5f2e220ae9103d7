"""How memory grew from reading to reading, so that no single reading decides; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from pytest_canary.analysis.memory import Reading


@dataclass(frozen=True)
class Growth:
    """How memory grew along an axis: from a third of the readings to the next, by medians.

    Attributes:
        rates: bytes a request or a second, from the first third to the second, and to the last.
        shortest: how far the thirds are apart at least, in requests or seconds.
        span: from the first third to the last.
        way: from the first reading to the last.
        grown: bytes.
    """

    rates: tuple[float, float]
    shortest: float
    span: float
    way: float
    grown: float


def by_time(reading: Reading) -> float:
    """Where a reading stands in time."""
    return reading.seconds


def thirds(
    readings: Sequence[Reading], place: Callable[[Reading], float]
) -> tuple[Sequence[Reading], ...]:
    """The readings of each third of the way from the first to the last, one at least.

    Args:
        readings: three or more, each later than the one before.
        place: where a reading stands on the axis.
    """
    begin, end = place(readings[0]), place(readings[-1])
    third, inner = (end - begin) / 3, readings[1:-1]
    middle = [each for each in inner if begin + third <= place(each) <= end - third] or [
        min(inner, key=lambda each: abs(2 * place(each) - begin - end))
    ]
    before = [each for each in readings if each.seconds < middle[0].seconds]
    return before, middle, [each for each in readings if each.seconds > middle[-1].seconds]


def growth(readings: Sequence[Reading], place: Callable[[Reading], float]) -> Growth | None:
    """How memory grew; None where a third is no further on, as where nothing is asked."""
    parts = thirds(readings, place)
    places = [median(map(place, part)) for part in parts]
    levels = [median(reading.held for reading in part) for part in parts]
    ways = places[1] - places[0], places[2] - places[1]
    if min(ways) <= 0:
        return None
    rates = (levels[1] - levels[0]) / ways[0], (levels[2] - levels[1]) / ways[1]
    way = place(readings[-1]) - place(readings[0])
    return Growth(rates, min(ways), sum(ways), way, levels[2] - levels[0])
