"""How many times as long answers take: the estimate, its interval, and how often that is wrong."""

import math
from typing import Any

import numpy
import pytest
from fakes.observed import WINDOW, requests

from pytest_canary.analysis.ratios import ratio_of
from pytest_canary.analysis.requests import Requests

Chance = numpy.random.Generator


def drawn(chance: Chance, count: int = 250, times: Any = 1.0) -> Requests:
    """Answers around 100 ms that take so many times as long, all or each."""
    return requests(count, seconds=list(0.1 * times * chance.lognormal(0, 0.5, count)))


def moods(chance: Chance, count: int = 250) -> Any:
    """By how many times a pod's answers take longer, which changes within a second or so."""
    at = numpy.arange(0, WINDOW + 1)
    return numpy.exp(numpy.interp(requests(count).due, at, chance.normal(0, 0.3, len(at))))


def test_it_is_the_median_of_all_ratios() -> None:
    chance = numpy.random.default_rng(1)
    one, other = drawn(chance), drawn(chance, 150, 1.3)
    found = ratio_of(one, other, 0.95)
    assert found.value == pytest.approx(
        numpy.median(numpy.divide.outer(other.seconds, one.seconds)), rel=1e-3
    )
    assert 1 < found.low < found.value < found.high


def test_its_interval_is_mann_and_whitneys() -> None:
    from scipy.stats import mannwhitneyu

    chance = numpy.random.default_rng(3)
    one, other = drawn(chance), drawn(chance)
    high = ratio_of(one, other, 0.95).high
    p = mannwhitneyu(other.seconds, high * one.seconds, alternative="less").pvalue
    assert p == pytest.approx(0.025, abs=0.005)


def test_it_turns_with_the_versions() -> None:
    chance = numpy.random.default_rng(4)
    one, other = drawn(chance), drawn(chance)
    there, back = ratio_of(one, other, 0.95), ratio_of(other, one, 0.95)
    assert 1 / there.value == pytest.approx(back.value, rel=1e-4)
    assert 1 / there.high == pytest.approx(back.low, rel=1e-4)


@pytest.mark.parametrize("seconds", [0.1, 0.0])
def test_answers_that_all_take_as_long_differ_by_nothing(seconds: float) -> None:
    found = ratio_of(requests(100, seconds=seconds), requests(50, seconds=seconds), 0.95)
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_a_few_outliers_move_nothing() -> None:
    chance = numpy.random.default_rng(5)
    one, other = drawn(chance), drawn(chance)
    usual = ratio_of(one, other, 0.95).high
    other.seconds[:5] = 100.0
    assert ratio_of(one, other, 0.95).high < 1.05 * usual


def test_what_makes_both_slow_at_once_parts_them_not() -> None:
    chance = numpy.random.default_rng(6)
    both = moods(chance)
    apart = ratio_of(drawn(chance, times=both), drawn(chance, times=moods(chance)), 0.95)
    together = ratio_of(drawn(chance, times=both), drawn(chance, times=both), 0.95)
    assert together.high / together.value < apart.high / apart.value


def test_so_few_blocks_tell_nothing() -> None:
    short = requests(100, window=2.5)
    found = ratio_of(short, short, 0.95)
    assert (found.low, found.high) == (0, math.inf)
    assert ratio_of(requests(100, window=3), requests(100, window=3), 0.95).high < 2


def test_as_few_answers_prove_little() -> None:
    chance = numpy.random.default_rng(7)
    few = ratio_of(drawn(chance, 20), drawn(chance, 20), 0.95)
    many = ratio_of(drawn(chance), drawn(chance), 0.95)
    assert few.high / few.value > many.high / many.value


def wrong(seed: int, *, dependent: bool, runs: int = 200) -> float:
    """How often the interval ends below what the canary is slower by."""
    chance = numpy.random.default_rng(seed)
    count = 0
    for _ in range(runs):
        its, base = ((moods(chance) if dependent else 1.0) for _ in range(2))
        found = ratio_of(drawn(chance, times=base), drawn(chance, times=1.15 * its), 0.95)
        count += found.high < 1.15
    return count / runs


def test_the_interval_is_as_often_wrong_as_it_says() -> None:
    assert wrong(8, dependent=False) <= 0.04


def test_answers_that_depend_on_each_other_make_it_wrong_hardly_more_often() -> None:
    """By independent answers' variance alone it would be wrong in one of five."""
    assert wrong(9, dependent=True) <= 0.1
