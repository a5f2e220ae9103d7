"""Stages whose transitions only write down that they were made.

What a stage does is not the subject of tests/plugin; a real cluster's is in tests/acceptance.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_canary import stages
from pytest_canary.cluster.leftovers import Inventory
from pytest_canary.context.outcomes import CleanupOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import Workspace, workspace_itself
from pytest_canary.core.errors import ReleaseError
from pytest_canary.plugin import state
from pytest_canary.plugin.parts import PageWriter, Parts
from pytest_canary.reporting import Report

# What a walk imports on its way, once for all that run in this process.
for module in (
    "config.promotion",
    "config.revision",
    "plugin.collector",
    "plugin.ending",
    "plugin.fixtures",
    "plugin.recorder",
    "plugin.redaction",
    "plugin.refusals",
    "plugin.runner",
    "plugin.signals",
    "plugin.terminal",
    "plugin.timeouts",
    "rehearsal.planning",
    "reporting.compose",
):
    importlib.import_module(f"pytest_canary.{module}")


def pytest_configure(config: pytest.Config) -> None:
    """Let `pytest --canary` rehearse with them.

    ENTERED is where transitions are written down; BREAKS those that fail, with commas; HANGS one
    that takes a minute, or until there is a file `go on`; SLOW one that takes more than a second.
    Checks pass but for those of the cleanup and of the stages in CHECKS; a report is only drawn
    with REPORT, as its pictures take a second; "breaks" fails at it.
    """
    config.stash[state.PARTS] = Parts(load=Loader(), reap=lambda *_: 0, report_writer=Writer)


class Loader:
    """Finds a stage's stand-in by its name; the same one each time."""

    def __init__(self) -> None:
        self._made: dict[str, Stage[Any]] = {}

    def __call__(self, name: str) -> Stage[Any]:
        if name not in self._made:
            self._made[name] = self._stand_in(name)
        return self._made[name]

    def _stand_in(self, name: str) -> Stage[Any]:
        real = stages.load(name)
        made: Stage[Workspace] = Stage(
            real.name,
            workspace_itself,
            transition=real.transition,
            rolls_back=real.rolls_back,
            on_trial=real.on_trial,
            automatic=real.automatic,
            final=real.final,
            skips=real.skips,
        )
        made.enter()(real.entry.make if name == "preflight" else transition(name))
        made.checks = [
            each
            if name in ("cleanup", *os.environ.get("CHECKS", "").split())
            else replace(each, test=None, after=None)
            for each in real.checks
        ]
        # The packaged one's first check is that its own transition was made.
        made.checks = [
            replace(each, after=None) if each.after is real.entry else each for each in made.checks
        ]
        return made


def transition(name: str) -> Callable[[Workspace], None]:
    """Writes down that it was made."""
    called = name.replace("automatic_rollback", "automatic-rollback")

    def make(workspace: Workspace) -> None:
        engine: Any = None
        if name == "cluster":
            workspace.inventory = Inventory(workspace.run, engine, workspace.processes)
        if name == "cleanup":
            workspace.run.remove()
            workspace.journal.keep(CleanupOutcome())
        with Path(os.environ["ENTERED"]).open("a") as log:
            log.write(f"{called}\n")
        if called in os.environ.get("BREAKS", "").split(","):
            raise ReleaseError(f"{called} broke in a test; mend it", "the evidence of it")
        if os.environ.get("SLOW") == name:
            time.sleep(1.5)
        if os.environ.get("HANGS") == name:
            workspace.waiter.listener("something slow", "1/3 there")
            hang(Path(os.environ["ENTERED"]).with_name("go on"))

    return make


def hang(until: Path) -> None:
    """Take a minute, or until there is a file."""
    end = time.monotonic() + 60
    while time.monotonic() < end and not until.exists():
        time.sleep(0.02)


class Writer:
    """Writes the report, where a test is about it."""

    def __init__(self) -> None:
        self._own = PageWriter()

    def prepare(self) -> None:
        """Start what draws, likewise."""
        if os.environ.get("REPORT") == "yes":
            self._own.prepare()

    def write(self, report: Report, folder: Path) -> list[Path]:
        """Write it."""
        if os.environ.get("REPORT") == "breaks":
            raise LookupError("a mistake")
        if "REPORT" not in os.environ:
            return [folder / "report.html"]
        return self._own.write(report, folder)

    def close(self) -> None:
        """End what draws."""
        self._own.close()
