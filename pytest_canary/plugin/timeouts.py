"""pytest-timeout beside a walk: it times a team's own tests, and never ends a stage half-way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_canary.plugin.items import StageTest


class Timeouts:
    """Takes the clock off the stages, whose waits have deadlines of their own.

    On the way to a team's test the stages up to its own are walked, so its clock starts after that.
    """

    def __init__(self) -> None:
        self._waiting: dict[pytest.Item, Any] = {}
        self._arrived: set[pytest.Item] = set()

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:
        """Start no clock, by saying that it is done; or leave it to pytest-timeout."""
        if isinstance(item, StageTest):
            return True
        if item in self._arrived:
            return None
        # Its other method ends the whole process where it stands, and nothing is cleaned up.
        self._waiting[item] = SimpleNamespace(
            timeout=settings.timeout,
            method="signal",
            func_only=settings.func_only,
            disable_debugger_detection=settings.disable_debugger_detection,
        )
        return True

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Start the clock of a team's test: the release stands in its stage."""
        self._arrived.add(item)
        settings = self._waiting.pop(item, None)
        if settings:
            item.ihook.pytest_timeout_set_timer(item=item, settings=settings)
