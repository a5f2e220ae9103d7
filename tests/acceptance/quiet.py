"""When tests that compare latencies may begin: once no other session of acceptance tests is left.

Sessions hold one lock together. One that needs quiet holds it alone, from then on until its end.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pytest_canary.core.waiting import Seen, Waiter

# Seconds; longer than all acceptance tests take.
PATIENCE = 3600


class Quiet:
    """A session's part of the lock.

    Args:
        file: of the lock, open.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def share(self) -> None:
        """Go on as soon as no session needs quiet; none that comes to need it goes on meanwhile."""
        self._hold(fcntl.LOCK_SH, "the session that compares latencies to end")

    def begin(self) -> None:
        """Go on as soon as there is no other session; none goes on before this one ends."""
        self._hold(fcntl.LOCK_EX, "the other sessions of acceptance tests to end")

    def _hold(self, how: int, awaited: str) -> None:
        def look() -> Seen[None]:
            try:
                fcntl.flock(self._file, how | fcntl.LOCK_NB)
            except BlockingIOError:
                return Seen(f"{self._file.name} is locked", False, None)
            return Seen("", True, None)

        Waiter().until(awaited, look, timeout=PATIENCE)


@contextmanager
def taking_part(folder: Path) -> Iterator[Quiet]:
    """A session takes part, with those whose lock is in the same folder.

    Args:
        folder: made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        quiet = Quiet(file)
        quiet.share()
        yield quiet
