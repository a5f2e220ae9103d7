"""pytest's hooks. Without `--canary` they add options and a marker, and import nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_canary.plugin import options, state
from pytest_canary.plugin.fixtures import (
    addressbook,
    canary_cluster,
    canary_walk,
    database,
    release,
    traffic,
)

if TYPE_CHECKING:
    from pytest_canary.plugin.session import Session

__all__ = ["addressbook", "canary_cluster", "canary_walk", "database", "release", "traffic"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    options.add(parser)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--canary-reap` runs instead of tests, as `--cache-show` does."""
    if not config.option.canary_reap:
        return None
    from pytest_canary.plugin import session

    return session.reap()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and with `--canary` or `--canary-check` everything else."""
    config.addinivalue_line(
        "markers", "canary(stage): run this test while the release stands in that stage"
    )
    if config.option.canary:
        from pytest_canary.plugin import session

        register(config, session.Session(config))
    elif config.option.canary_check:
        from pytest_canary.plugin import check_session

        register(config, check_session.Check(config))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without `--canary`, a test that belongs to a stage has nothing to run on."""
    if item.get_closest_marker("canary") and state.session(item.config) is None:
        pytest.skip("belongs to a stage of `pytest --canary`")


def register(config: pytest.Config, session: Session) -> None:
    """Let pytest call the session's hooks, and hooks and fixtures find it."""
    config.stash[state.SESSION] = session
    config.pluginmanager.register(session, "canary-session")
