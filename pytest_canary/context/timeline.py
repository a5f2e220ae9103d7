"""When the walk did what: its transitions, and what took its time; in seconds since it began."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_canary.core.measuring import Kind

# Seconds below which nobody asks what something took.
LEAST = 0.01


@dataclass(frozen=True)
class Passage:
    """One transition, from its first command to when it was seen to be done, or had failed."""

    name: str
    stage: str
    began: float
    ended: float


@dataclass(frozen=True)
class Activity:
    """Something that took time.

    Attributes:
        kind: a wait, a command, or a step of ours.
        name: what was awaited, ran or was done.
        beside: whether another thread did it than the walk's own.
    """

    kind: Kind
    name: str
    began: float
    ended: float
    beside: bool = False


class Timeline:
    """The walk's clock and what it has seen go by; made by the thread that walks.

    Attributes:
        started: the beginning, in UTC.
        zero: the beginning, by `time.monotonic`.
        transitions: in the order in which they ended.
        activities: likewise, those that took a hundredth of a second or more.
    """

    def __init__(self) -> None:
        self.started = datetime.datetime.now(datetime.UTC)
        self.zero = time.monotonic()
        self.transitions: list[Passage] = []
        self.activities: list[Activity] = []
        self._walking = threading.get_ident()

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.zero

    @contextmanager
    def record_passage(self, name: str, stage: str) -> Iterator[None]:
        """Write down a transition, whatever becomes of it; one without a name is none."""
        began = self.now()
        try:
            yield
        finally:
            if name:
                self.transitions.append(Passage(name, stage, began, self.now()))

    @contextmanager
    def measure(self, kind: Kind, name: str) -> Iterator[None]:
        """Write down what takes time, whatever becomes of it."""
        began = self.now()
        try:
            yield
        finally:
            ended = self.now()
            if ended - began >= LEAST:
                beside = threading.get_ident() != self._walking
                self.activities.append(Activity(kind, name, began, ended, beside))
