"""What the tests share: a state folder of their own, runs in it, and programs on PATH."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.api_server import serving_api
from fakes.commands import Program
from fakes.machine import Machine
from fakes.provisions import Bench
from fakes.runs import PROJECT, Started

from pytest_canary.cluster.run import Run
from pytest_canary.config.settings import Settings


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Makes a script that is found under a name; each begins in the test's folder."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def make(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
        path.chmod(0o755)

    return make


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


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: Callable[..., Settings]
) -> Iterator[Bench]:
    """A machine on which runs bring up a cluster."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", str(tmp_path / "programs"), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    settings = configured(name="shop", database={"image": "none"}, deadlines={"cluster": 1})
    with serving_api() as server:
        made = Bench(tmp_path, settings, server)
        yield made
        for run in made.runs:
            run.release()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """An engine, and runs on it that have died."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Machine(tmp_path)
