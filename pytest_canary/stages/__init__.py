"""The packaged acceptance suite: one module a stage, with its transition, steps and checks.

A check's name is the sentence that must hold.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.context.stage import Stage


def load(name: str) -> Stage[object]:
    """A stage by its name; also `automatic_rollback`, which takes the place of `rollback`."""
    found: Stage[object] = import_module(f"{__name__}.{name}").STAGE
    return found
