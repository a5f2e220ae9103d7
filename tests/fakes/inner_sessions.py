"""Sessions of pytest that a test runs, and what keeps them cheap."""

from __future__ import annotations

import gc

import pytest

from pytest_canary import stages
from pytest_canary.config.options import STAGES


@pytest.fixture(scope="session", autouse=True)
def small_heap() -> None:
    """Let the sessions of these tests look for garbage in what they made themselves.

    pytest looks through all that is alive, several times at each session's end. The stages are
    loaded before, as each session forgets what it has imported itself.
    """
    for stage in (*STAGES, "automatic_rollback"):
        stages.load(stage)
    gc.collect()
    gc.freeze()


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Runs pytest without Hypothesis' plugin, which imports all of Hypothesis at a session's end.

    It is these tests' own; a user of ours need not have it.
    """
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    return pytester
