"""A job's shell, in which its steps are started one after the other."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pytest_canary.core.errors import CommandError
from pytest_canary.jobs.assignment import Assignment
from pytest_canary.jobs.command_runs import CommandRuns
from pytest_canary.jobs.environment import of_shell
from pytest_canary.jobs.order import Reason
from pytest_canary.jobs.shell import Ended, Shell, open_shell


class Shells:
    """A job's shell, and another one where a step has taken too long in it.

    Attributes:
        timed_out: whether the last step has.
    """

    def __init__(self, given: Assignment, runs: CommandRuns) -> None:
        self._given = given
        self._runs = runs
        self._stack = ExitStack()
        self._shell: Shell | None = None
        self.timed_out = False

    def __enter__(self) -> Shells:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, text: str, script: str, minutes: float | None) -> Ended:
        """Run a step, for so long at most."""
        shell = self._shell = self._shell or self._stack.enter_context(
            _open(self._given, self._runs)
        )
        until = time.monotonic() + 60 * minutes if minutes else None
        self.timed_out = False

        def why_stop() -> Reason:
            why = self._given.why_stop()
            self.timed_out = not why and until is not None and time.monotonic() > until
            return "timeout" if self.timed_out else why

        ended = self._runs.run(shell, "commands", text, script, why_stop)
        if ended.cut_off or ended.closed:
            self._stack.close()
            self._shell = None
        return ended


@contextmanager
def _open(given: Assignment, runs: CommandRuns) -> Iterator[Shell]:
    finds = of_shell(given.programs.environment, given.folder)
    begin = given.programs.begin
    with open_shell(given.processes, finds, given.folder, given.home) as shell:
        problem = runs.quietly(shell, f"source {shlex.quote(str(begin))}") if begin else ""
        if problem:
            raise CommandError(f"job {given.job.name} can't be given its programs", problem)
        yield shell
