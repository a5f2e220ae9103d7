"""`pytest --canary-check`: the stage `preflight` alone, on files, with nothing that is started."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_canary.plugin.session import Session, project
from pytest_canary.preflight.inspection import Inspection, inspect

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from pytest_canary.config.plan import Plan
    from pytest_canary.rehearsal.rehearsal import Walk


class Desk:
    """What the stage stands on where nothing is walked: the plan, and what its files hold.

    Args:
        plan: what would be walked.
        root: the folder that paths are told from.
    """

    begun = False
    inspection: Inspection

    def __init__(self, plan: Plan, root: Path) -> None:
        self.plan = plan
        self.settings = plan.settings
        self.root = root
        self.notes: dict[str, list[str]] = {}

    def enter(self, stage: str) -> None:
        """Inspect the manifests, once; there is no other stage."""
        if not self.entered(stage):
            self.inspection = inspect(self.plan, self.root)

    def entered(self, _: str) -> bool:
        """Whether they are inspected."""
        return hasattr(self, "inspection")

    def note(self, stage: str, text: str) -> None:
        """A figure that is worth a place on the stage's line."""
        self.notes.setdefault(stage, []).append(text)

    def witness(self, stage: str, error: BaseException) -> None:
        """A finding is its own evidence."""

    def mask(self, error: BaseException) -> None:
        """No secret is made up, and none is read."""


class Check(Session):
    """The hooks of a session with `--canary-check`."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config)
        # pytest looks through all that is alive for garbage, ten times at its end: a fifth of the
        # check's time, for modules and settings that are none.
        gc.freeze()
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            # A team's own tests take longer to collect than the whole check; named, they may come.
            config.args = []

    def _begin(self) -> None:
        # The one stage asks no more of a walk than a desk has.
        self.walk = cast("Walk", Desk(self.plan, project(self.config)))

    def _catch_signals(self) -> None:
        """There is nothing to remove."""

    def _keeps(self) -> bool:
        """There is nothing to keep."""
        return False

    def _let_roll_back(self, item: pytest.Item) -> None:
        """There is nothing to roll back."""

    def pytest_report_header(self) -> str:
        """One line that says what is checked."""
        return f"canary: {self.plan.title}; settings: {self.plan.settings.source}"

    def _reap(self) -> None:
        """Nothing is made that others could have left."""

    def _record(self, *_: object) -> None:
        """There is no report; the screen has it all."""

    def _write_report(self) -> None:
        """There is none."""

    def pytest_sessionfinish(self) -> None:
        """There is nothing to clean up."""

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """What was found, in one line."""
        write: Any = terminalreporter.write_line
        settings = self.plan.settings
        if self.failed:
            findings = len(self.walk.inspection.findings) if self.walk.entered("preflight") else 1
            count = f"{findings} findings" if findings > 1 else "1 finding"
            write(f"canary: {count}, {self._held} of {self._planned} checks hold", red=True)
        elif self._held == self._planned:
            files = f"{settings.files.deployment.name} and {settings.files.service.name}"
            write(f"canary: nothing found in {files}", green=True)
        else:
            write(f"canary: {self._held} of {self._planned} checks were made, and hold")

    def pytest_unconfigure(self) -> None:
        """Give back what was taken from the process."""
        if self.progress:
            self.progress.close()
