"""A machine with an engine in memory, and runs on it that have died."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

import pytest
from fakes.clock import Clock
from fakes.engine import Engine
from fakes.runs import PROJECT

from pytest_canary.cluster.reaping import reap
from pytest_canary.cluster.record import Noted
from pytest_canary.cluster.run import Run
from pytest_canary.core.errors import CanaryError
from pytest_canary.core.waiting import Waiter


class Alarm(Clock):
    """Time, in which something happens at a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = float("inf")
        self.happens: Callable[[], None] = lambda: None

    def at(self, moment: float, happens: Callable[[], None]) -> None:
        self.moment, self.happens = moment, happens

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.time >= self.moment:
            self.moment = float("inf")
            self.happens()


class Machine:
    """An engine with a cluster called `dev`, and whoever makes or reaps runs on it."""

    def __init__(self, folder: Path) -> None:
        self.deleted = folder / "deleted"
        self.clock = Alarm()
        self.engine = Engine("dev-control-plane", self.deleted)
        self.told: list[str] = []

    def left(self, **made: Unpack[Noted]) -> Run:
        """A run whose process is gone."""
        run = Run.start(PROJECT)
        run.note(engine=self.engine.id, endpoint=self.engine.endpoint)
        run.note(**made)
        run.release()
        return run

    def reap(self, *, kept: bool = False) -> int:
        return reap(self.engine, kept=kept, tell=self.told.append, waiter=Waiter(self.clock))

    def refused(self, *, kept: bool = False) -> str:
        with pytest.raises(CanaryError) as failure:
            self.reap(kept=kept)
        return str(failure.value)

    @property
    def has_cluster(self) -> bool:
        return not self.deleted.exists()
