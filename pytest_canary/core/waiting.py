"""The one place that waits: always with a deadline, always able to say what it last saw."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pytest_canary.core.errors import WaitTimeoutError
from pytest_canary.core.measuring import Measure, measure_nothing

T = TypeVar("T")


@dataclass(frozen=True)
class Seen(Generic[T]):
    """One look at what is awaited.

    Attributes:
        text: what is there now, in words.
        done: whether the wait is over.
        value: what the wait returns when it is over.
    """

    text: str
    done: bool
    value: T


class Clock(Protocol):
    """Time as the waits see it; tests bring their own."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""

    def sleep(self, seconds: float) -> None:
        """Return after this many seconds."""


Listener = Callable[[str, str], None]
"""Told of every look: what is awaited, and what was seen."""


def _nobody(what: str, seen: str) -> None:
    pass


class Waiter:
    """Waits for one thing at a time and tells its listener how far it is.

    Args:
        clock: time as it sees it.
        listener: told of every look that was not done.
        measure: measures each wait.
        redact: takes the secrets out of what is told at a deadline.
    """

    def __init__(
        self,
        clock: Clock = time,
        listener: Listener = _nobody,
        measure: Measure = measure_nothing,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.clock = clock
        self.listener = listener
        self.measure = measure
        self._redact = redact

    def beside(self, listener: Listener) -> Waiter:
        """One for what is done beside the rest: the same clock and doors, and nothing is measured.

        Args:
            listener: told of every look of its own that was not done.
        """
        return Waiter(self.clock, listener, redact=self._redact)

    def until(
        self,
        what: str,
        look: Callable[[], Seen[T]],
        *,
        timeout: float,
        change: Callable[[float], None] | None = None,
    ) -> T:
        """Look again and again until it is done.

        Args:
            what: what is awaited, as a clause: "3/3 replicas of app-stable".
            look: sees and decides; an error of its own ends the wait at once (doomed, not slow).
            timeout: seconds until the wait is given up.
            change: blocks until something may have changed, at most the seconds it is given;
                without one, looks are 0.1 s apart.

        Returns:
            The value of the look that was done.

        Raises:
            WaitTimeoutError: at the deadline; it says what was seen last.
        """
        with self.measure("wait", what):
            return self._until(what, look, timeout, change)

    def _until(
        self,
        what: str,
        look: Callable[[], Seen[T]],
        timeout: float,
        change: Callable[[float], None] | None,
    ) -> T:
        pause = change or self.clock.sleep
        deadline = self.clock.monotonic() + timeout
        while True:
            seen = look()
            if seen.done:
                return seen.value
            self.listener(what, seen.text)
            left = deadline - self.clock.monotonic()
            if left <= 0:
                last = self._redact(f"{what}, which did not come; last seen: {seen.text}")
                raise WaitTimeoutError(f"waited {timeout:g} s for {last}")
            pause(min(left, 1.0 if change else 0.1))
