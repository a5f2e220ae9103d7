"""When the walk did what: its transitions, in seconds since it began."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Passage:
    """One transition, from its first command to when it was seen to be done, or had failed."""

    name: str
    stage: str
    began: float
    ended: float


class Timeline:
    """The walk's clock and what it has seen go by.

    Attributes:
        started: the beginning, in UTC.
        zero: the beginning, by `time.monotonic`.
    """

    def __init__(self) -> None:
        self.started = datetime.datetime.now(datetime.UTC)
        self.zero = time.monotonic()
        self.transitions: list[Passage] = []

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.zero

    @contextmanager
    def passing(self, name: str, stage: str) -> Iterator[None]:
        """Write down a transition, whatever becomes of it; one without a name is none."""
        began = self.now()
        try:
            yield
        finally:
            if name:
                self.transitions.append(Passage(name, stage, began, self.now()))
