"""Whether what the canary is worse by may go by itself."""

import pytest

from pytest_canary.analysis.warm_up import AGE, level_at, warms_up


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


def test_slowness_is_proven_of_pods_that_have_been_ready_for_a_while() -> None:
    assert [level_at(age, 0.01) for age in (0, AGE - 1, AGE, float("inf"))] == [0, 0, 0.01, 0.01]
