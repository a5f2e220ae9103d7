"""A job's commands, one at a time: run in its shell, heard, kept, and looked over for secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.masking import Redactor
from pytest_canary.core.measuring import Measure, measure_nothing
from pytest_canary.core.wording import cut
from pytest_canary.jobs.calls import Call, CallRecord
from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.job_log import CommandLog, Heard, JobLog
from pytest_canary.jobs.markers import plain_names, words_to_watch
from pytest_canary.jobs.order import Reason
from pytest_canary.jobs.results import CommandResult, Part
from pytest_canary.jobs.shell import Ended, Shell

# Letters of a command by which it is measured.
MEASURED = 60


class CommandRuns:
    """The commands of one job.

    Args:
        folder: the job's own, for its log and the record of what it calls.
        redactor: takes the secrets out.
        heard: told each line that they print.
        why_stop: why they are to be stopped now; empty while they may go on.
        public: what the pipeline says itself, which everyone may read.
        secrets: all that there are; what they hold is looked for in all that is printed and called,
            as a cluster tells what another job has put there.
        measure: measures each command.
    """

    def __init__(
        self,
        folder: Path,
        redactor: Redactor,
        heard: Heard,
        why_stop: Callable[[], Reason],
        public: str = "",
        secrets: Sequence[Secret] = (),
        measure: Measure = measure_nothing,
    ) -> None:
        self._redactor = redactor
        self._heard = heard
        self._why_stop = why_stop
        self._measure = measure
        self._watched = words_to_watch(secrets)
        self._public = public
        self._log = JobLog(folder / "log.txt")
        self._record = CallRecord(folder / "calls.jsonl")
        self.results: list[CommandResult] = []

    @property
    def log(self) -> Path:
        """The file that has them with their output."""
        return self._log.path

    def quietly(self, shell: Shell, script: str) -> str:
        """Run what is none of the job's commands; what it says where it fails."""
        said = CommandLog(self._redactor, lambda _: None)
        ended = shell.run(script, said.take, self._why_stop)
        failed = ended.code and not ended.cut_off
        return (said.text.strip() or f"exit code {ended.code}") if failed else ""

    def run(
        self,
        shell: Shell,
        part: Part,
        text: str,
        script: str | None = None,
        why_stop: Callable[[], Reason] | None = None,
    ) -> Ended:
        """Run a command to its end.

        Args:
            shell: what it is run in.
            part: which part of its job it is of.
            text: the command, as the pipeline has it.
            script: what the shell is given; None for the command itself.
            why_stop: why this one is to be stopped now; None where it is as with all.
        """
        disclosure = self._disclosure()
        said = CommandLog(self._redactor, self._heard, disclosure.of_pipe())
        began = time.monotonic()
        typed = self._redactor.redact(text)
        given = text if script is None else script
        try:
            with self._measure("command", cut(typed, MEASURED)):
                ended = shell.run(given, said.take, why_stop or self._why_stop)
        finally:
            self._log.add(typed, said.text)
        self.results.append(
            CommandResult(
                part,
                typed,
                ended.code,
                ended.closed,
                ended.cut_off,
                time.monotonic() - began,
                said.text,
                self._calls(),
                plain_names(disclosure.variables),
            )
        )
        return ended

    def _disclosure(self) -> Disclosure:
        return Disclosure(self._watched, self._public)

    def _calls(self) -> tuple[Call, ...]:
        """What was called since, as it may be told: without secrets, but with which they were."""
        calls, redact = self._record.new(), self._redactor.redact
        leaky = self._in_arguments(*calls)
        return tuple(
            replace(
                each,
                program=redact(each.program),
                arguments=tuple(map(redact, each.arguments)),
                secrets=self._in_arguments(each) if leaky else (),
            )
            for each in calls
        )

    def _in_arguments(self, *calls: Call) -> tuple[str, ...]:
        disclosure = self._disclosure()
        for call in calls:
            for each in call.arguments:
                disclosure.of_text()(each)
        return plain_names(disclosure.variables)
