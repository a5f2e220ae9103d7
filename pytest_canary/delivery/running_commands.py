"""The commands that a pipeline's jobs run now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_canary.core.measuring import Kind, Measure


class RunningCommands:
    """The commands that a pipeline's jobs run now, by the measure that each of them is given.

    Args:
        measure: goes on measuring them.
    """

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._running: list[tuple[str, float]] = []

    @property
    def longest(self) -> tuple[str, float] | None:
        """The one that has run for longest, and when it began by `time.monotonic`."""
        return next(iter([*self._running]), None)

    @contextmanager
    def measure(self, kind: Kind, name: str) -> Iterator[None]:
        """Measures one, and knows of it meanwhile; from any thread."""
        began = (name, time.monotonic())
        self._running.append(began)
        try:
            with self._measure(kind, name):
                yield
        finally:
            self._running.remove(began)
