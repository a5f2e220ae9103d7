"""pytest-timeout's clock: off for the stages, on for a team's test from when its stage is there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fakes.stages import Checks

from pytest_canary.plugin.timeouts import Timeouts


class Clock:
    """pytest-timeout's part: asks whether somebody else sets a timer, and writes down its own."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self.started: list[Any] = []

    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> None:
        if self._timeouts.pytest_timeout_set_timer(item, settings) is None:
            self.started.append(settings)


class Item:
    """A team's test."""

    def __init__(self, clock: Clock) -> None:
        self.ihook = clock


@pytest.fixture
def settings() -> Any:
    return SimpleNamespace(
        timeout=3.0, method="thread", func_only=False, disable_debugger_detection=True
    )


def test_a_stages_check_has_no_clock(checks: Checks, settings: Any) -> None:
    assert Timeouts().pytest_timeout_set_timer(checks("canary")[0], settings) is True


def test_a_teams_clock_starts_when_its_stage_is_there_and_ends_no_process(settings: Any) -> None:
    timeouts = Timeouts()
    clock = Clock(timeouts)
    item: Any = Item(clock)
    clock.pytest_timeout_set_timer(item, settings)
    assert clock.started == [], "the stages are still walked"
    timeouts.pytest_runtest_setup(item)
    (started,) = clock.started
    assert vars(started) == vars(settings) | {"method": "signal"}


def test_a_team_that_times_the_test_alone_is_left_to_do_so(settings: Any) -> None:
    timeouts = Timeouts()
    item: Any = Item(Clock(timeouts))
    timeouts.pytest_runtest_setup(item)
    assert item.ihook.started == []
    item.ihook.pytest_timeout_set_timer(item, settings)
    assert [started.timeout for started in item.ihook.started] == [3.0]
