"""The psql that samples the database's locks while a migration runs."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from pytest_canary.core.errors import CanaryError, WaitTimeoutError
from pytest_canary.core.waiting import Seen
from pytest_canary.database.database import Database
from pytest_canary.database.lock_samples import APPLICATION, SAMPLE, parse_line
from pytest_canary.database.locks import Locks

SAMPLER = f"{APPLICATION} locks"

# Seconds for a sample to come; they are 0.1 s apart.
PATIENCE = 10.0


@contextmanager
def sample_locks(database: Database, others: Collection[str], timeout: float) -> Iterator[Locks]:
    """Sample the locks until the block ends, from before its first statement to after its last.

    Args:
        database: the run's.
        others: addresses of pods that don't run the migration.
        timeout: seconds that the block takes at most.

    Yields:
        What the samples tell; whole only after the block. Where none come, it says why.
    """
    sampler = _Sampler(database, others, timeout)
    sampler.start()
    try:
        yield sampler.locks
    finally:
        sampler.stop()


class _Sampler:
    def __init__(self, database: Database, others: Collection[str], timeout: float) -> None:
        self.database = database
        self.timeout = timeout
        self.locks = Locks(others)
        self._rest = ""
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="locks", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._wait_for(1)

    def stop(self) -> None:
        """Take one more sample, which began after the last statement, and end psql."""
        # The next may have begun before.
        self._wait_for(self.locks.samples + 2)
        with self._changed:
            self._ended = True
        with suppress(CanaryError):
            self.database.end_sessions(SAMPLER)
        self._thread.join(timeout=PATIENCE)
        self.locks.settle()

    def _wait_for(self, samples: int) -> None:
        def look() -> Seen[None]:
            enough = self.locks.samples >= samples or bool(self.locks.failure)
            return Seen(f"{self.locks.samples} samples came", enough, None)

        try:
            self.database.waiter.until(
                "a sample of the database's locks", look, timeout=PATIENCE, change=self._change
            )
        except WaitTimeoutError as error:
            self.locks.failure = error.sentence

    def _change(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(seconds)

    def _run(self) -> None:
        failure = "psql ended by itself"
        try:
            self.database.script(
                SAMPLE,
                timeout=self.timeout + 2 * PATIENCE,
                application=SAMPLER,
                heard=self._hear,
            )
        except CanaryError as error:
            failure = error.sentence
        with self._changed:
            if not self._ended:
                self.locks.failure = failure
            self._changed.notify_all()

    def _hear(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        with self._changed:
            for each in lines:
                line = parse_line(each)
                if line and not self._ended:
                    self.locks.take(line)
            self._changed.notify_all()
