"""What the verdict is measured against, and that the measuring works."""

import sys
from pathlib import Path

import numpy
import pytest

from pytest_canary.analysis.statistics import shift

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import kayenta
import verdict


@pytest.mark.parametrize(
    ("canary", "baseline", "high"),
    [
        ([20, 21, 22, 23, 24], [1, 2, 3, 4, 5], True),
        ([1, 2, 3, 4, 5], [20, 21, 22, 23, 24], False),
        # The interval starts at 5, which is less than 0.25 of the shift, 27.
        ([10, 20, 30, 40, 50], [1, 2, 3, 4, 5], False),
        ([10, 20, 30, 40, 50], [10, 20, 30, 40, 50], False),
        ([1, 1, 1, 1, 1], [0, 0, 0, 0, 0], True),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], False),
        ([1, 1], [1, 1, 1], False),
        ([], [1, 2, 3], False),
        ([1, 2, 3], [], False),
        ([5, 6, 7, 8], [5.1, 6.2, 6.9, 7.9], False),
    ],
)
def test_kayentas_rule(canary: list[float], baseline: list[float], high: bool) -> None:
    assert kayenta.is_high(numpy.array(canary, float), numpy.array(baseline, float)) is high


def test_kayentas_shift_is_hodges_and_lehmanns() -> None:
    chance = numpy.random.default_rng(24)
    x, y = chance.lognormal(0, 1, 80) + 1, chance.lognormal(0, 1, 120)
    found = shift(list(x), list(y), kayenta.CONFIDENCE)
    z = 2.3263
    assert kayenta._root(x, y, 0.0) == pytest.approx(found.value, abs=0.01)
    assert kayenta._root(x, y, z) == pytest.approx(found.low, abs=0.02)


def test_a_simulation_is_repeated_by_its_seed() -> None:
    case = verdict.World("5 % errors", verdict.lognormal, (0.0, 0.05)), 400
    one, other = (verdict.simulate(case, 3, 1) for _ in range(2))
    assert one == other
    assert one.answers == {"no-go": 3}
    assert one.markdown.startswith("| 5 % errors | 400 | 0.0 | 100.0 | 0.0 | ")


def test_the_simulated_worlds_are_what_their_names_say() -> None:
    chance = numpy.random.default_rng(25)
    for world in (*verdict.WORSE, *verdict.BORDER, *verdict.BETWEEN, *verdict.HARMLESS):
        baseline, canary = verdict.draw(world, 20000, chance)
        assert len(baseline.failed) == 2 * len(canary.failed) == 40000
        differ = [
            abs(canary.failed.mean() - baseline.failed.mean()) > 0.005,
            abs(numpy.median(canary.seconds) / numpy.median(baseline.seconds) - 1) > 0.05,
            (canary.seconds > 0.5).mean() > (baseline.seconds > 0.5).mean() + 0.02,
        ]
        assert sum(differ) == 1, world.name
    for world in verdict.NO_DIFFERENCE:
        baseline, canary = verdict.draw(world, 20000, chance)
        assert canary.failed.mean() == pytest.approx(baseline.failed.mean(), abs=0.004)
        assert numpy.median(canary.seconds) == pytest.approx(
            numpy.median(baseline.seconds), rel=0.03
        )
