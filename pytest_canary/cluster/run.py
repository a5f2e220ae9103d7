"""Who owns what: each run has a folder, held by a lock that dies with its process.

What a run makes is written down in its folder before it is made. A folder whose lock is free is
what a killed run has left: the next run, or `--canary-reap`, removes everything that it names.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Unpack
from urllib.parse import quote

from pytest_canary.cluster import record as records
from pytest_canary.cluster.record import Noted, Record, state_folder
from pytest_canary.core import locks
from pytest_canary.core.errors import ClusterError

RUN_LABEL = "pytest-canary/run"
"""What a run makes in a cluster carries it, with the run's ID."""


JOBS = "pipelines"
"""The folder of a run's in which jobs of pipelines are at home."""

# Paths that are told of those that can't be removed.
SHOWN = 10


def label_of(run: str) -> str:
    """The label of what a run has made, as kubectl and docker take it."""
    return f"{RUN_LABEL}={run}"


def registry_label(run: str) -> str:
    """The label of a run's registry, which outlives what its jobs start."""
    return f"pytest-canary/registry={run}"


# Seconds in which a run surely gets from its hidden folder to its name.
YOUTH = 60


class Run:
    """One run's folder and record, owned by this process until it ends."""

    def __init__(self, folder: Path, record: Record, lock: IO[str]) -> None:
        self.folder = folder
        self.record = record
        self._locks = [lock]
        self._saving = threading.Lock()

    @property
    def id(self) -> str:
        """Six hexadecimal digits that the names of all that it makes carry."""
        return self.record.run

    @property
    def work(self) -> Path:
        """The lock that commands share which make something: they may outlive the process."""
        return self.folder / "work"

    @property
    def kubeconfig(self) -> Path:
        """The way to the run's namespace, as who may make and remove it."""
        return self.folder / "kubeconfig.run"

    @classmethod
    def start(cls, project: Path) -> Run:
        """Make a folder that only this user can read, as the kubeconfig goes into it.

        Raises:
            ClusterError: it can't be made.
        """
        run = cls._make(Record(run=secrets.token_hex(3), project=str(project)))
        if run is None:
            raise ClusterError(f"{state_folder()} has a run of that ID already; try again")
        return run

    @classmethod
    def reusable(cls, project: Path, engine: str) -> Run:
        """The folder of the cluster that a project's runs share, one after the other.

        Args:
            project: the project's folder.
            engine: the ID of the engine that has the cluster.

        Raises:
            ClusterError: another run is in it.
        """
        digits = hashlib.sha256(f"{project.resolve()} {engine}".encode()).hexdigest()[:6]
        name = f"reuse-{digits}"
        run = cls._make(Record(run=name, project=str(project), kept=True))
        if run:
            return run
        folder = state_folder() / name
        lock = locks.own(folder / "lock")
        if lock is None:
            raise ClusterError(
                f"another run walks in this project's cluster canary-{name}; "
                "wait for it, or leave --canary-reuse out"
            )
        with contextlib.ExitStack() as on_error:
            on_error.callback(lock.close)
            known = records.read(folder)
            run = cls(folder, known or Record(run=name, project=str(project), kept=True), lock)
            if run.at_work:
                raise ClusterError(
                    f"a command of a run that was killed is still making cluster canary-{name}; "
                    "wait for its end, or leave --canary-reuse out"
                )
            run.note(host=records.host_name(), boot=records.boot_id())
            on_error.pop_all()
        return run

    @classmethod
    def _make(cls, record: Record) -> Run | None:
        """A folder with a record; None where there is one of that name."""
        parent = state_folder()
        # Locked, and with its record, before it has a name that another's reaper could find.
        hidden = parent / f".{record.run}-{secrets.token_hex(3)}"
        with contextlib.ExitStack() as on_error:
            on_error.callback(shutil.rmtree, hidden, ignore_errors=True)
            try:
                hidden.mkdir(mode=0o700, parents=True)
                lock = locks.own(hidden / "lock")
                assert lock  # noqa: S101 (nobody else knows of it)
                on_error.callback(lock.close)
                run = cls(hidden, record, lock)
                run.save()
            except OSError as error:
                raise ClusterError(
                    f"no record of the run can be kept in {parent}: {error.strerror}; set "
                    "XDG_STATE_HOME to a folder that can be written to"
                ) from error
            try:
                run.folder = hidden.rename(parent / record.run)
            except OSError:
                return None
            on_error.pop_all()
        records.sync(parent)
        return run

    @property
    def at_work(self) -> bool:
        """Whether a command that makes something for it still runs."""
        return locks.is_held(self.work)

    def claim(self, cluster: str) -> None:
        """Have a cluster's name for this run alone, until it is released or removed.

        Raises:
            ClusterError: another run has it.
        """
        folder = state_folder().parent / "clusters"
        folder.mkdir(exist_ok=True)
        lock = locks.own(folder / quote(cluster, safe=""))
        if lock is None:
            raise ClusterError(
                f"another run makes or walks in cluster {cluster}; wait for it, or choose another "
                "--cluster-name"
            )
        self._locks.append(lock)

    def save(self) -> None:
        """Write the record, through to the disk; call it before making what the record names.

        Raises:
            ClusterError: it can't be written.
        """
        with self._saving:
            records.write(self.record, self.folder)

    def note(self, **what: Unpack[Noted]) -> None:
        """Note something in the record that is about to be made; all of it at once."""
        with self._saving:
            self.record.note(what)
        self.save()

    def note_image(self, ref: str) -> None:
        """Note a name that is about to be given to an image; from any thread."""
        with self._saving:
            self.record.images.append(ref)
        self.save()

    def note_applied(self, name: str) -> None:
        """Note an object that its release has applied; from any thread."""
        with self._saving:
            self.record.applied.append(name)
        self.save()

    def note_cluster_wide(self, name: str, kubectl: Path) -> None:
        """Note an object of the whole cluster that is about to be made, and what removes it."""
        with self._saving:
            self.record.cluster_wide.append(name)
            self.record.kubectl = str(kubectl)
        self.save()

    def release(self) -> None:
        """Leave the folder to a later run."""
        for lock in self._locks:
            lock.close()

    def remove_jobs(self) -> None:
        """Remove what jobs of pipelines have left in the folder.

        Raises:
            ClusterError: this user may not remove it, as what a container has written as root into
                a folder that a job has mounted.
        """
        refused: list[str] = []
        for each in (self.folder / JOBS,) if (self.folder / JOBS).exists() else ():
            shutil.rmtree(each, onerror=lambda _, path, __: refused.append(str(path)))
        if refused:
            raise ClusterError(
                f"{refused[0]} can't be removed by this user, as a container that a job has "
                f"started has written it: `sudo rm -rf {self.folder / JOBS}` does, and "
                '`docker run --user "$(id -u)"` in the job avoids it',
                "\n".join(refused[:SHOWN]),
            )

    def remove(self) -> None:
        """Remove the folder: nothing that it names is left."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for claim in self._locks[1:]:
            Path(claim.name).unlink(missing_ok=True)
        self.release()


def find_abandoned(*, kept: bool, spare: Callable[[str], None]) -> Iterator[Run]:
    """The runs whose process is gone; those kept on purpose too, where asked for.

    Each is owned by this process until it is released or removed.

    Args:
        kept: whether to find those kept on purpose.
        spare: told of each that can't be judged here, and stays as it is.
    """
    parent = state_folder()
    try:
        folders = sorted(parent.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise ClusterError(f"the records of runs in {parent} can't be read: {error}") from error
    for folder in folders:
        unnamed = folder.name.startswith(".")
        if unnamed and _is_young(folder):
            continue  # a run that is just starting
        record, why = None, ""
        try:
            # What has no name yet has made nothing, whatever its record says.
            record = None if unnamed else records.read(folder)
        except ClusterError as error:
            why = str(error)
        if record and record.kept and not kept:
            continue
        try:
            lock = locks.own(folder / "lock")
        except OSError:
            continue  # no run's, or gone by now
        if lock is None:
            continue
        if why:
            spare(why)
        elif record is None:
            # It died before it had made anything, or when nothing was left.
            shutil.rmtree(folder, ignore_errors=True)
        elif not record.is_of_here:
            spare(
                f"run {record.run} of {record.project} was made on {record.host}, and what it made "
                f"stays: `pytest --canary-reap` there removes it; delete {folder} where that "
                "machine is gone"
            )
        else:
            yield Run(folder, record, lock)
            continue
        lock.close()


def _is_young(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime < YOUTH
    except FileNotFoundError:
        return True  # it has just got its name
