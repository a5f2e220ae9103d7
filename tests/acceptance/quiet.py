"""When tests that compare latencies may begin: once no other session is at work.

A user's sessions of acceptance tests hold one lock together. One that needs quiet holds it alone,
until its end.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from pytest_canary.core.errors import WaitTimeoutError
from pytest_canary.core.waiting import Seen, Waiter

# Seconds; longer than a session takes with every case that there is.
PATIENCE = 2 * 3600


class Quiet:
    """A session's part of the lock.

    Args:
        file: of the lock, open.
        tell: is told once what is waited for.
    """

    def __init__(self, file: IO[str], tell: Callable[[str], object]) -> None:
        self._file = file
        self._tell = tell
        self._alone = False

    def share(self) -> None:
        """Go on as soon as no session has the lock alone."""
        self._hold(fcntl.LOCK_SH, "the session that compares latencies to end")

    def begin(self) -> None:
        """Go on as soon as no other session holds the lock, which none does before this one ends.

        Meanwhile this one holds no part of it, so whoever calls this has nothing under way.
        """
        if self._alone:
            return
        # Two that hold a part each would wait for each other.
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._hold(fcntl.LOCK_EX, "the other sessions of acceptance tests to end")
        self._alone = True

    def _hold(self, how: int, awaited: str) -> None:
        told = False

        def look() -> Seen[None]:
            nonlocal told
            try:
                fcntl.flock(self._file, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    self._tell(f"waiting for {awaited} ({self._file.name})")
                told = True
                return Seen(f"{self._file.name} is locked", False, None)
            return Seen("", True, None)

        try:
            Waiter().until(awaited, look, timeout=PATIENCE)
        except WaitTimeoutError as error:
            # Each test would wait as long once more.
            pytest.exit(error.sentence, returncode=1)


@contextmanager
def taking_part(folder: Path, tell: Callable[[str], object]) -> Iterator[Quiet]:
    """A session takes part, with those whose lock is in the same folder.

    Args:
        folder: made where it is missing.
        tell: is told once what is waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        quiet = Quiet(file, tell)
        quiet.share()
        yield quiet
