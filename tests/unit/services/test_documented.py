"""docs/services.md tells of every action that something stands in for, and of every key."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.services.github.actions import STAND_INS
from pytest_canary.services.gitlab.schema import NOT_TAKEN

TEXT = (Path(__file__).parents[3] / "docs" / "services.md").read_text()


def test_every_action_that_is_known_is_told() -> None:
    assert [each for each in STAND_INS if f"`{each}`" not in TEXT] == []


def test_every_key_that_is_refused_is_told() -> None:
    assert [each for each in NOT_TAKEN if f"`{each}`" not in TEXT] == []
