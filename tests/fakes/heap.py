"""A small heap for sessions of pytest that run in this process."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(scope="session", autouse=True)
def small_heap() -> None:
    """Let the sessions of these tests look for garbage in what they made themselves.

    pytest looks through all that is alive, several times at each session's end.
    """
    gc.collect()
    gc.freeze()
