"""Locks on files, which go with the processes that hold them: who holds one is alive."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

# How often it is looked whether somebody is left, and the seconds between.
ROUNDS, PAUSE = 100, 0.02

# The least number of a file that what a shell starts inherits: an interactive bash keeps those
# from 3 to 19 to itself.
INHERITED = 64


def own(path: Path) -> IO[str] | None:
    """The lock, for this process alone until it is closed; None where another has it."""
    while True:
        lock = path.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return None
        if _is(lock, path):
            return lock
        lock.close()  # whoever had it has removed the file since it was opened


def share(path: Path) -> IO[str]:
    """The lock, together with everyone else who shares it; children inherit it by `pass_fds`."""
    with path.open("a") as opened:
        lock = os.fdopen(fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, INHERITED), "a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def is_held(path: Path) -> bool:
    """Whether somebody owns or shares the lock."""
    if not path.exists():
        return False
    lock = own(path)
    if lock:
        lock.close()
    return lock is None


def end_stragglers(path: Path) -> bool:
    """End what shares a lock though the command that has started it is over.

    Where `kind create` was ended, its `docker logs -f` goes on for as long as there is that
    container. A command is the first of its process group, so that what has lost it is no command.
    Where no /proc tells who has a file open, nothing is ended.

    Returns:
        Whether there were any. The lock is free a moment later.
    """
    groups = set(_groups_at(path.resolve()))
    # 0 is a group of another PID namespace, and to `killpg` one's own.
    groups -= {0, os.getpgrp()}
    lost = {group for group in groups if not Path(f"/proc/{group}").exists()}
    for group in lost:
        with contextlib.suppress(OSError):  # it has just ended by itself
            os.killpg(group, signal.SIGKILL)
    return bool(lost)


def end_holders(path: Path) -> bool:
    """End everything that shares a lock, with its process group; this process is left alone.

    A shell with job control gives each of its pipelines a group of its own, and who is a daemon has
    left that too; each has inherited the lock. Where no /proc tells who has a file open, nothing is
    ended.

    Returns:
        Whether nobody is left.
    """
    for _ in range(ROUNDS):  # what is ended may have started another one meanwhile
        groups = set(_groups_at(path.resolve())) - {0, os.getpgrp()}
        if not groups:
            return True
        for group in groups:
            with contextlib.suppress(OSError):  # it has just ended by itself
                os.killpg(group, signal.SIGKILL)
        time.sleep(PAUSE)
    return False


def _groups_at(path: Path) -> Iterator[int]:
    """The process groups that have a file open; the path as the kernel has it."""
    for process in _entries(Path("/proc")):
        for descriptor in _entries(process / "fd") if process.name.isdigit() else ():
            # Processes and files come and go meanwhile, and others' are nobody's business.
            with contextlib.suppress(OSError):
                if descriptor.readlink() == path:
                    yield os.getpgid(int(process.name))


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing where it is gone, or somebody else's."""
    try:
        return [*folder.iterdir()]
    except OSError:
        return []


def _is(lock: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
