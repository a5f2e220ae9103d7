"""What a strategy or a budget lets go at once; test_rollout.py has the controller's rounding."""

from typing import Any

import pytest

from pytest_canary.k8s.strategy import most_unavailable, scale


@pytest.mark.parametrize(
    ("value", "up", "pods"),
    [
        (1, True, 1),
        ("2", False, 2),
        ("50%", True, 2),
        ("50%", False, 1),
        ("all", True, None),
        ("-1", True, None),
        ("x%", False, None),
        (True, False, None),
        (None, True, None),
    ],
)
def test_a_part_of_the_pods_is_a_number_or_a_percentage(
    value: object, up: bool, pods: int | None
) -> None:
    assert scale(value, 3, up=up) == pods


@pytest.mark.parametrize(
    ("strategy", "pods"),
    [
        ({}, 0),
        ({"rollingUpdate": None}, 0),
        ({"rollingUpdate": "fast"}, 0),
        ({"rollingUpdate": {"maxUnavailable": None, "maxSurge": 0}}, 1),
        ({"rollingUpdate": {"maxUnavailable": "some"}}, None),
        ({"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "some"}}, 0),
        ({"type": "Recreate", "rollingUpdate": {"maxUnavailable": 0}}, 3),
    ],
)
def test_what_cannot_be_read_is_not_guessed(strategy: dict[str, Any], pods: int | None) -> None:
    assert most_unavailable(strategy, 3) == pods
