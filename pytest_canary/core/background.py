"""Something that is done beside the rest, for whoever waits for it later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Event, Thread
from typing import Generic, TypeVar

from pytest_canary.core.waiting import Seen, Waiter

T = TypeVar("T")


class _StoppedError(Exception):
    """Nobody waits for it any more, and so nobody will see this."""


class Background(Generic[T]):
    """Does one thing in a thread of its own, and ends it where nobody waits for it any more.

    Args:
        what: what is done, as a wait's clause: "migrate to end on an empty database".
        do: does it. It waits by the waiter that it is given: so nothing is told twice of what
            somebody waits for already, and what it waits for ends when it is stopped.
        timeout: seconds in which it ends by itself.
        waiter: of the rest; its own waits by one beside that.
    """

    def __init__(
        self, what: str, do: Callable[[Waiter], T], timeout: float, waiter: Waiter
    ) -> None:
        self._what, self._do, self._timeout = what, do, timeout
        self._waiter = waiter.beside(self._heed)
        self._stopped = Event()
        self._seen = "it runs"
        self._future: Future[T] = Future()

    def start(self) -> Background[T]:
        """Begin; it ends by itself."""
        Thread(target=self._run, name="background", daemon=True).start()
        return self

    def wait(self, waiter: Waiter) -> T:
        """What came of it, as soon as it has ended.

        Raises:
            WaitTimeoutError: it has not, and should have by itself.
            Exception: why it has failed, as it was raised there.
        """

        def look() -> Seen[None]:
            return Seen(self._seen, self._future.done(), None)

        waiter.until(self._what, look, timeout=self._timeout, change=self._change)
        return self._future.result()

    def stop(self, timeout: float) -> None:
        """End it, if it still runs; what it has made it removes first, in so many seconds."""
        self._stopped.set()
        wait([self._future], timeout)

    def _change(self, seconds: float) -> None:
        wait([self._future], seconds)

    def _heed(self, what: str, seen: str) -> None:
        self._seen = seen
        if self._stopped.is_set():
            raise _StoppedError(what)

    def _run(self) -> None:
        try:
            self._future.set_result(self._do(self._waiter))
        except BaseException as error:
            self._future.set_exception(error)
