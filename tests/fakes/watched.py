"""The observer of the API server in memory, which is told instead of watching."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from fakes.clock import Clock
from fakes.objects import copied
from fakes.store import Store

from pytest_canary.core.errors import ClusterError
from pytest_canary.k8s.namespace_api import Listing
from pytest_canary.k8s.objects import Snapshot
from pytest_canary.k8s.observer import KINDS, Observer


class Telling(Listing, Protocol):
    """What of an API server in memory is watched."""

    @property
    def store(self) -> Store:
        """Where its objects are."""

    def take_up(self) -> None:
        """Do what scripts have asked of it meanwhile."""


class Watched(Observer):
    """The observer, told by the API server itself instead of by watches.

    Args:
        namespace: tells it of each change.
        clock: what its waits take.
        waits: called before each wait, for what happens meanwhile.

    Attributes:
        blind: why it can't say what there is now; None where it can.
    """

    def __init__(
        self, namespace: Telling, clock: Clock, waits: Callable[[], None] = lambda: None
    ) -> None:
        self._waits = waits
        self.blind: ClusterError | None = None
        self._clock = clock
        super().__init__(namespace)  # no watch is ever started
        self._told_by = namespace
        for kind in KINDS:
            for item in namespace.store.held(kind):
                self._take(kind, "MODIFIED", copied(item))
        namespace.store.watch = self._take

    def snapshot(self) -> Snapshot:
        if self.blind:
            raise self.blind
        return super().snapshot()

    def last_snapshot(self) -> Snapshot:
        self._told_by.take_up()
        return super().last_snapshot()

    def change(self, seconds: float) -> None:
        if threading.current_thread().name in ("tracks", "background"):
            time.sleep(0.005)  # beside the walk, whose clock it doesn't wind
            return
        self._waits()
        if any(thread.name.startswith("apply") for thread in threading.enumerate()):
            time.sleep(0.002)  # what a script takes is real
        else:
            self._clock.sleep(seconds)

    def now(self) -> float:
        return self._clock.monotonic()

    def stop(self) -> None:
        pass
