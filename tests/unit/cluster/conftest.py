"""What the tests of runs share: a state folder of their own, and runs in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.runs import PROJECT, Started

from pytest_canary.cluster.run import Run


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runs' folders are."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "pytest-canary" / "runs"


@pytest.fixture
def started(state: Path) -> Iterator[Started]:
    """Starts runs of this process, and lets go of them in the end."""
    runs = []

    def start(project: Path = PROJECT, *, how: Callable[[Path], Run] = Run.start) -> Run:
        runs.append(how(project))
        return runs[-1]

    yield start
    for run in runs:
        run.release()
