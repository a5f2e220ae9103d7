"""Whether what the canary is worse by may go by itself."""

import random

import pytest

from pytest_canary.analysis.warm_up import AGE, cold_blocks, gets_faster, level_at, warms_up


@pytest.mark.parametrize(
    ("differences", "warms", "why"),
    [
        ([9, 8, 7, 6, 5, 4, 3, 2], True, "it falls"),
        ([9, 9, 9, 9, 1, 1, 1, 1], True, "in the end it no longer matters"),
        ([9, 8, 9, 8, 9, 8, 9, 8], False, "it is as bad all along"),
        ([2, 3, 4, 5, 6, 7, 8, 9], False, "it gets worse"),
        ([5, 5, 5, 5, 5, 5, 5, 5], False, "it is the same all along"),
        ([0, 0, 0, 0, 9, 9, 9, 9], False, "it has just begun"),
        ([9], True, "nobody can tell"),
        ([], True, "nobody can tell"),
        ([9, 9, 9], False, "the middle one belongs to neither half"),
    ],
)
def test_a_canary_warms_up_where_it_gets_better(
    differences: list[float], warms: bool, why: str
) -> None:
    assert warms_up(differences, 2.0) is warms, why


@pytest.mark.parametrize(
    ("canary", "baseline", "faster"),
    [
        ([9, 8, 7, 6, 5, 4, 3, 2], [5, 4, 5, 4, 5, 4, 5, 4], True),
        ([9, 8, 7, 6, 5, 4, 3, 2], [9, 8, 7, 6, 5, 4, 3, 2], False),
        ([9, 8, 9, 8, 9, 8, 9, 8], [5, 4, 5, 4, 5, 4, 5, 4], False),
        ([2, 3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2], False),
        ([9], [5], False),
        ([], [], False),
    ],
)
def test_a_canary_gets_faster_where_the_baseline_does_not(
    canary: list[float], baseline: list[float], faster: bool
) -> None:
    assert gets_faster(canary, baseline) is faster


COLD, WARM = [90, 70, 55, 43, 34, 27], [10, 11, 9, 10, 9, 11, 10, 9, 11, 10]


def left_out(differences: list[int], young: int = 99, own: list[int] | None = None) -> int:
    return cold_blocks(differences, own or differences, young)


def test_a_cold_start_lasts_until_the_canary_gets_no_faster() -> None:
    assert left_out(COLD + WARM) in (5, 6, 7)
    assert left_out(COLD + WARM * 2) in (5, 6, 7)


def test_it_lasts_no_longer_than_the_pod_is_young() -> None:
    assert left_out(COLD + WARM, young=4) == 4
    assert left_out(COLD + WARM, young=0) == 0


def test_it_lasts_no_longer_than_half_of_what_is_left_to_compare() -> None:
    falls = list(range(100, 0, -5))
    assert left_out(falls) == 6
    assert left_out(falls[:13]) == 4


def test_a_canary_that_comes_and_goes_has_no_cold_start() -> None:
    assert left_out(COLD + WARM + COLD[::-1]) == 0


def test_a_few_blocks_are_no_proof_of_one() -> None:
    assert left_out([90, 60, 30, *WARM[:7]]) == left_out([90, 10]) == left_out([]) == 0


def test_a_canary_that_gets_slower_or_stays_has_no_cold_start() -> None:
    assert left_out([*reversed(COLD + WARM)]) == 0
    assert left_out(WARM * 2) == 0
    assert left_out([5] * 20) == 0


def test_a_baseline_that_gets_slower_makes_no_cold_start() -> None:
    assert left_out(COLD + WARM, own=[20] * 16) == 0


def test_chance_hardly_makes_a_cold_start() -> None:
    chance = random.Random(1)
    found = [left_out([chance.randrange(1000) for _ in range(20)]) for _ in range(400)]
    assert sum(each > 0 for each in found) <= 8


def test_slowness_is_proven_of_pods_that_have_been_ready_for_a_while() -> None:
    assert [level_at(age, 0.01) for age in (0, AGE - 1, AGE, float("inf"))] == [0, 0, 0.01, 0.01]
