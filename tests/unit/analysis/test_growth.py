"""How memory grew along an axis, whatever the distances of the readings."""

from collections.abc import Sequence

import pytest

from pytest_canary.analysis.growth import Growth, by_time, growth, thirds
from pytest_canary.analysis.memory import Reading


def readings(*moments: float, rate: float = 1.0) -> list[Reading]:
    return [Reading(at, 10 * at, rate * at) for at in moments]


@pytest.mark.parametrize(
    ("moments", "parts"),
    [
        ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), ([0, 1, 2], [3, 4, 5, 6], [7, 8, 9])),
        ((0, 1, 9), ([0], [1], [9])),
        ((0, 2, 12, 14, 24), ([0, 2], [12, 14], [24])),
        # None in the middle: the next to it.
        ((0, 2, 11, 14), ([0, 2], [11], [14])),
        ((0, 3, 12, 14), ([0], [3], [12, 14])),
    ],
)
def test_each_third_has_a_reading(
    moments: Sequence[float], parts: tuple[Sequence[float], ...]
) -> None:
    found = thirds(readings(*moments), by_time)
    assert tuple([each.seconds for each in part] for part in found) == parts


def test_growth_is_told_from_third_to_third() -> None:
    found = growth(readings(0, 3, 6, rate=2), by_time)
    assert found == Growth(rates=(2, 2), shortest=3, span=6, way=6, grown=12)


def test_where_an_axis_does_not_go_on_nothing_is_told() -> None:
    assert growth(readings(0, 3, 6), lambda _: 0.0) is None
