"""docs/services.md tells of every action that something stands in for, and of every key."""

from __future__ import annotations

from fakes.folders import DOCS

from pytest_canary.services.github.actions import STAND_INS
from pytest_canary.services.gitlab.schema import NOT_TAKEN

TEXT = (DOCS / "services.md").read_text()


def test_every_action_that_is_known_is_told() -> None:
    assert [each for each in STAND_INS if f"`{each}`" not in TEXT] == []


def test_every_key_that_is_refused_is_told() -> None:
    assert [each for each in NOT_TAKEN if f"`{each}`" not in TEXT] == []
