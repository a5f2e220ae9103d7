"""How much of a difference a machine that gets slower and slower explains."""

from __future__ import annotations

import numpy
import pytest

from pytest_canary.analysis.drift import drifts

MOMENTS = numpy.arange(0, 40, 0.1)
NOISE = numpy.random.default_rng(1).normal(0, 0.3, len(MOMENTS))


@pytest.mark.parametrize(
    ("growth", "found"),
    [(0.0, False), (0.005, True), (-0.005, False)],
    ids=["steady", "slower and slower", "faster and faster"],
)
def test_what_grows_all_along_explains_what_it_would_have_come_to(
    growth: float, found: bool
) -> None:
    values = NOISE + growth * MOMENTS
    assert drifts(MOMENTS, values, effect=0.2, since=40.0) is found


def test_a_difference_that_is_far_larger_is_not_explained() -> None:
    assert not drifts(MOMENTS, NOISE + 0.005 * MOMENTS, effect=2.0, since=40.0)


def test_what_hangs_once_says_nothing_of_a_pace() -> None:
    values = NOISE.copy()
    values[-3:] = 50.0
    assert not drifts(MOMENTS, values, effect=0.2, since=40.0)


def test_growth_that_chance_makes_is_none() -> None:
    hits = (numpy.arange(len(MOMENTS)) % 12 == 0).astype(float)
    assert not drifts(MOMENTS, hits, effect=0.08, since=40.0, sure=2.0)


def test_few_requests_say_nothing() -> None:
    assert not drifts(MOMENTS[:10], MOMENTS[:10], effect=0.1, since=40.0)
