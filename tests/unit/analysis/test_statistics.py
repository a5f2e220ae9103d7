"""Shares, differences and shifts, against known values and by simulation."""

import math
import random
from itertools import product
from statistics import median

import pytest

from pytest_canary.analysis.statistics import (
    CONFIDENCE,
    Share,
    count_difference,
    quantile,
    rate_difference,
    share,
    shift,
)


# Wilson's score interval: Newcombe 1998, table I; the confidence is 95 %.
@pytest.mark.parametrize(
    ("hits", "connections", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(hits: int, connections: int, low: float, high: float) -> None:
    found = share(hits, connections, 0.95)
    assert found.value == hits / connections
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("connections", [0, -1])
def test_no_connection_is_no_share(connections: int) -> None:
    with pytest.raises(ValueError, match="no connection, no share"):
        share(0, connections)


def test_a_share_is_told_in_percent() -> None:
    assert share(102, 300).text == "34 % of connections (26 to 43)"


@pytest.mark.parametrize(
    ("expected", "holds"), [(0.2, True), (0.3, True), (0.4, True), (0.19, False), (0.41, False)]
)
def test_a_share_holds_what_lies_in_its_interval(expected: float, holds: bool) -> None:
    assert Share(0.3, 0.2, 0.4).holds(expected) is holds


def test_a_canary_that_gets_nothing_or_everything_is_not_a_third() -> None:
    assert not share(0, 300).holds(1 / 3)
    assert not share(300, 300).holds(1 / 3)
    assert not share(150, 300).holds(1 / 3)


def test_few_connections_prove_little() -> None:
    assert share(0, 20).holds(1 / 3)
    assert not share(0, 25).holds(1 / 3)


def test_an_honest_split_is_called_wrong_about_as_often_as_promised() -> None:
    chance = random.Random(20)
    trials, wrong = 4000, 0
    verdicts: dict[int, bool] = {}
    for _ in range(trials):
        hits = chance.choices((1, 0, 0), k=300).count(1)
        if hits not in verdicts:
            verdicts[hits] = share(hits, 300).holds(1 / 3)
        wrong += not verdicts[hits]
    # Promised are 4 in 4000; 12 would be four standard deviations off.
    assert wrong < 3 * trials * (1 - CONFIDENCE)


def test_a_lopsided_split_is_found_almost_always() -> None:
    chance = random.Random(21)
    missed = sum(
        share(chance.choices((1, 0), k=300).count(1), 300).holds(1 / 3) for _ in range(300)
    )
    assert missed < 3


# Newcombe 1998, Statistics in Medicine 17, pages 873-890, table II, method 10; 95 %.
@pytest.mark.parametrize(
    ("hits", "base", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_two_rates_is_newcombes(
    hits: tuple[int, int], base: tuple[int, int], low: float, high: float
) -> None:
    found = rate_difference(*hits, *base, 0.95)
    assert found.value == hits[0] / hits[1] - base[0] / base[1]
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_the_tea_taster_has_the_p_that_fisher_gave_her() -> None:
    assert rate_difference(4, 4, 0, 4, 0.95).p == pytest.approx(1 / 70)
    assert rate_difference(3, 4, 1, 4, 0.95).p == pytest.approx(17 / 70)


@pytest.mark.parametrize("difference", [rate_difference, count_difference])
@pytest.mark.parametrize(("requests", "base"), [(0, 10), (10, 0), (0, 0)])
def test_no_trial_is_no_difference(difference: object, requests: int, base: int) -> None:
    assert callable(difference)
    with pytest.raises(ValueError, match="no "):
        difference(0, requests, 0, base, 0.95)


def test_two_rates_swapped_have_the_interval_mirrored() -> None:
    a, b = rate_difference(7, 90, 3, 200, 0.9), rate_difference(3, 200, 7, 90, 0.9)
    assert (a.value, a.low, a.high) == pytest.approx((-b.value, -b.high, -b.low))


def test_the_more_errors_the_more_certain_they_are() -> None:
    found = [rate_difference(errors, 200, 2, 400, 0.95) for errors in range(12)]
    assert [each.p for each in found] == sorted((each.p for each in found), reverse=True)
    assert [each.high for each in found] == sorted(each.high for each in found)


def test_counts_have_the_exact_bounds_of_poisson() -> None:
    # Garwood 1936: none seen, up to 3.689 possible; 10 seen, from 4.795 to 18.390; 95 %.
    none, some = count_difference(0, 1, 0, 10**9, 0.95), count_difference(10, 1, 0, 10**9, 0.95)
    assert none.high == pytest.approx(3.689, abs=5e-4)
    assert (some.low, some.high) == pytest.approx((4.795, 18.390), abs=5e-4)


def test_counts_are_shared_out_as_requests_are() -> None:
    assert count_difference(3, 100, 0, 200, 0.95).p == pytest.approx(1 / 27)
    assert count_difference(3, 100, 0, 100, 0.95).p == pytest.approx(1 / 8)
    assert count_difference(500, 100, 1000, 200, 0.95).value == 0  # five a request, of both


# Permeability at term and at 12 to 26 weeks: Hollander and Wolfe, table 4.1.
TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLY = [1.15, 0.88, 0.90, 0.74, 1.21]


def test_the_shift_is_the_median_of_all_differences() -> None:
    found = shift(TERM, EARLY, 0.95)
    assert found.value == pytest.approx(0.305)
    assert found.value == pytest.approx(median(x - y for x, y in product(TERM, EARLY)))
    assert found.p == pytest.approx(0.1272, abs=0.01)  # exactly


def test_the_interval_of_a_shift_ends_at_differences_of_moses_ranks() -> None:
    found = shift(TERM, EARLY, 0.95)
    differences = sorted(x - y for x, y in product(TERM, EARLY))
    # Of 50: 25 - 1.96 * sqrt(10 * 5 * 16 / 12) = 8.997; the exact test has rank 9.
    assert (found.low, found.high) == pytest.approx((differences[7], differences[-8]))
    assert found.low <= -0.15 < 0.76 <= found.high


def test_shifting_the_values_shifts_all_of_it() -> None:
    plain, moved = shift(TERM, EARLY, 0.9), shift([x + 7 for x in TERM], EARLY, 0.9)
    assert (moved.value, moved.low, moved.high) == pytest.approx(
        (plain.value + 7, plain.low + 7, plain.high + 7)
    )
    assert moved.p < plain.p


def test_swapping_the_samples_mirrors_the_shift() -> None:
    a, b = shift(TERM, EARLY, 0.9), shift(EARLY, TERM, 0.9)
    assert (a.value, a.low, a.high) == pytest.approx((-b.value, -b.high, -b.low))


def test_an_outlier_moves_nothing_however_far_out_it_is() -> None:
    far, farther = ([*TERM[:-1], x] for x in (10.0, 1e9))
    assert shift(far, EARLY, 0.95).value == pytest.approx(
        shift(farther, EARLY, 0.95).value, rel=1e-3
    )


def test_equal_constants_differ_in_nothing() -> None:
    found = shift([0.01] * 30, [0.01] * 40, 0.95)
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_different_constants_differ_for_certain() -> None:
    found = shift([0.02] * 30, [0.01] * 40, 0.95)
    assert (found.value, found.low, found.high) == pytest.approx((0.01, 0.01, 0.01))
    assert found.p < 1e-9


def test_too_few_values_have_no_bounds() -> None:
    found = shift([1.0, 2.0], [1.0], 0.95)
    assert (found.low, found.high) == (-math.inf, math.inf)


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf]])
def test_a_shift_takes_numbers_and_nothing_else(values: list[float]) -> None:
    for pair in ((values, [1.0]), ([1.0], values)):
        with pytest.raises(ValueError, match=r"no shift|finite"):
            shift(*pair, 0.95)


def test_the_interval_of_a_shift_holds_the_truth_as_often_as_promised() -> None:
    chance = random.Random(22)
    held, runs = 0, 600
    for _ in range(runs):
        x = [chance.lognormvariate(0, 1) + 0.5 for _ in range(40)]
        found = shift(x, [chance.lognormvariate(0, 1) for _ in range(60)], 0.9)
        held += found.low <= 0.5 <= found.high
    # 540 are promised; the standard deviation is 7.
    assert 512 < held < 568


def test_a_quantile_lies_between_its_neighbours() -> None:
    values = [4.0, 1.0, 3.0, 2.0, 5.0]
    assert [quantile(values, each) for each in (0, 0.5, 0.625, 1)] == [1, 3, 3.5, 5]
    assert quantile([7.0], 0.95) == 7
    with pytest.raises(ValueError, match="no value"):
        quantile([], 0.5)
