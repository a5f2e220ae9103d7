"""Where the session's own object is kept, for hooks and fixtures to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_canary.plugin.session import Session

SESSION: pytest.StashKey[Session] = pytest.StashKey()


def session(config: pytest.Config) -> Session | None:
    """The session's object with `--canary` or `--canary-check`; None without."""
    return config.stash.get(SESSION, None)
