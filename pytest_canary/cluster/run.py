"""Who owns what: each run has a folder, held by a lock that dies with its process.

What a run makes is written down in its folder before it is made. A folder whose lock is free is
what a killed run has left: the next run, or `--canary-reap`, removes everything that it names.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, Any

from pytest_canary.core.errors import ClusterError

RUN_LABEL = "pytest-canary/run"
"""What a run makes in a cluster carries it, with the run's ID."""

# Seconds in which a run surely gets from its hidden folder to its record.
YOUTH = 60


@dataclass
class Record:
    """What a run made, as its folder has it.

    Attributes:
        run: six hexadecimal digits that its names carry.
        cluster: the kind cluster it made, if any.
        cluster_spec: what that cluster was made from; another spec needs another cluster.
        kind: the kind program that made it.
        network: whether it made the engine's network "kind".
        namespace: the namespace that it made in a cluster that outlives it.
        guest: whether that namespace was there before, and stays.
        applied: what its release applied there, as kubectl calls it: "service/shop-lb".
        kubectl: the program that removes it.
        images: the names that it gave to images.
        kept: whether its user asked for the cluster to stay.
        project: the folder of the project that it rehearses.
    """

    run: str
    project: str
    cluster: str | None = None
    cluster_spec: str | None = None
    kind: str | None = None
    network: bool = False
    namespace: str | None = None
    guest: bool = False
    applied: list[str] = field(default_factory=list)
    kubectl: str | None = None
    images: list[str] = field(default_factory=list)
    kept: bool = False


def state_folder() -> Path:
    """Where the runs' folders are: $XDG_STATE_HOME/pytest-canary/runs."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "pytest-canary" / "runs"


class Run:
    """One run's folder and record, owned by this process until it ends."""

    def __init__(self, folder: Path, record: Record, lock: IO[str]) -> None:
        self.folder = folder
        self.record = record
        self._lock = lock
        self._saving = threading.Lock()

    @property
    def id(self) -> str:
        """Six hexadecimal digits that the names of all that it makes carry."""
        return self.record.run

    @classmethod
    def start(cls, project: Path) -> Run:
        """Make a folder that only this user can read, as the kubeconfig goes into it."""
        parent = state_folder()
        parent.mkdir(parents=True, exist_ok=True)
        record = Record(run=secrets.token_hex(3), project=str(project))
        folder = parent / record.run
        # Locked before it has a name that another run's reaper could find.
        hidden = parent / f".{record.run}"
        hidden.mkdir(mode=0o700)
        lock = _lock(hidden)
        if lock is None:
            raise OSError(f"{hidden} is locked by another process")
        hidden.rename(folder)
        run = cls(folder, record, lock)
        run.save()
        return run

    @classmethod
    def reusable(cls, project: Path) -> Run:
        """The folder of the cluster that the project's runs share, one after the other.

        Raises:
            ClusterError: another run is in it.
        """
        parent = state_folder()
        parent.mkdir(parents=True, exist_ok=True)
        name = f"reuse-{hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:6]}"
        folder = parent / name
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = _lock(folder)
        if lock is None:
            raise ClusterError(
                f"another run walks in this project's cluster canary-{name}; "
                "wait for it, or leave --canary-reuse out"
            )
        record = _record(folder) or Record(run=name, project=str(project), kept=True)
        run = cls(folder, record, lock)
        run.save()
        return run

    def save(self) -> None:
        """Write the record; call it before making what the record names."""
        path = self.folder / "record.json"
        fresh = path.with_suffix(".new")
        with self._saving:
            fresh.write_text(json.dumps(asdict(self.record), indent=2))
            fresh.replace(path)

    def made(self, **what: Any) -> None:
        """Note something in the record that is about to be made."""
        for key, value in what.items():
            setattr(self.record, key, value)
        self.save()

    def made_image(self, ref: str) -> None:
        """Note a name that is about to be given to an image; from any thread."""
        with self._saving:
            self.record.images.append(ref)
        self.save()

    def has_applied(self, name: str) -> None:
        """Note an object that its release has applied; from any thread."""
        with self._saving:
            self.record.applied.append(name)
        self.save()

    def release(self) -> None:
        """Leave the folder to a later run."""
        self._lock.close()

    def remove(self) -> None:
        """Remove the folder: nothing that it names is left."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def abandoned(*, kept: bool) -> Iterator[Run]:
    """The runs whose process is gone; those kept on purpose too, where asked for.

    Each is owned by this process until it is released or removed.
    """
    parent = state_folder()
    if not parent.is_dir():
        return
    for folder in sorted(parent.iterdir()):
        if folder.name.startswith(".") and _is_young(folder):
            continue  # a run that is just starting
        lock = _lock(folder)
        if lock is None:
            continue
        record = _record(folder)
        if record is None:
            # It died before it had made anything.
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()
            continue
        if record.kept and not kept:
            lock.close()
            continue
        yield Run(folder, record, lock)


def _is_young(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime < YOUTH
    except FileNotFoundError:
        return True  # it has just got its name


def _record(folder: Path) -> Record | None:
    try:
        known = json.loads((folder / "record.json").read_text())
        # Another version of this package may note more; what it names is removed all the same.
        return Record(**{f.name: known[f.name] for f in fields(Record) if f.name in known})
    except (OSError, ValueError, TypeError):
        return None


def _lock(folder: Path) -> IO[str] | None:
    """The folder's lock, or None where a living process has it."""
    try:
        lock = (folder / "lock").open("a")
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
