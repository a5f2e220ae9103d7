"""Readings of memory that nobody can have taken."""

import math

import pytest

from pytest_canary.analysis.memory import Memory, Reading


@pytest.mark.parametrize(
    "reading", [Reading(0, 0, math.nan), Reading(math.inf, 0, 1), Reading(0, 0, -1)]
)
def test_what_can_not_have_been_read_is_refused(reading: Reading) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        Memory([reading])
