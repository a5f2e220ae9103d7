"""Locks on files, which go with the processes that hold them: who holds one is alive."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO


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
    lock = path.open("a")
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


def _is(lock: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
