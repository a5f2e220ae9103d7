"""The homes of these tests' sessions: what each keeps of its projects' runs, under its process' ID.

Sessions may walk beside each other on one engine. Each knows by the others' records what is theirs.
"""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pytest_canary.cluster import record as records
from pytest_canary.cluster.container_engine import node_name
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.reaping import reap
from pytest_canary.cluster.record import Record
from pytest_canary.core.errors import CanaryError

RUNS = "state/pytest-canary/runs"


def sessions() -> Path:
    """The folder of the sessions' own."""
    return records.state_folder().parent / "acceptance-tests"


def nodes_beside(session: Path) -> frozenset[str]:
    """The nodes of clusters that other sessions have noted, which they do before they make one.

    Args:
        session: this one's folder.
    """
    # Unlike a path's own glob, this one goes on where a folder is removed meanwhile.
    runs = map(Path, glob.iglob(f"{session.parent}/*/*/{RUNS}/*"))  # noqa: PTH207
    noted = (records.read(run) for run in runs if session not in run.parents)
    return frozenset(node_name(each.cluster) for each in noted if each and each.cluster)


@contextmanager
def noted(session: Path, record: Record) -> Iterator[None]:
    """Let other sessions know meanwhile of a node whose run is removed, and its note with it."""
    home = session / "noted"
    folder = home / RUNS / record.run
    folder.mkdir(parents=True)
    records.write(record, folder)
    try:
        yield
    finally:
        shutil.rmtree(home)


def sweep() -> None:
    """Remove what sessions have left that were killed, be it a whole cluster."""
    for session in sorted(sessions().glob("[0-9]*")):
        # A number may be given again, and so be this session's own.
        if int(session.name) != os.getpid() and _alive(int(session.name)):
            continue
        # Another session may sweep too.
        with suppress(FileNotFoundError):
            for home in session.iterdir():
                _reap(home)
            forget(session)


def _reap(home: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        try:
            reap(Engine(), kept=True, tell=print)
        except CanaryError as error:
            print(f"what {home.parent} has left stays: {error}")


def forget(session: Path) -> None:
    """Remove a session's folder, but for what is not removed yet: a walk of its may still run."""
    if not any(session.glob(f"*/{RUNS}/*")):
        shutil.rmtree(session)


def _alive(process: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
