"""One job, from its environment to its epilogue, as Semaphore's agent runs it.

The first command that fails ends the commands; the epilogue follows, `always` first, and what fails
in it does not count, but a stop does. There is none for a job that was stopped, nor where a command
has closed the shell. A command whose exit code is 130 ends the job with what SEMAPHORE_JOB_RESULT
says.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import CommandError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.measuring import Measure, unmeasured
from pytest_canary.core.processes import Processes
from pytest_canary.core.wording import cut
from pytest_canary.jobs.calls import Call, CallRecord
from pytest_canary.jobs.definition import Job
from pytest_canary.jobs.environment import Secret, exports
from pytest_canary.jobs.job_log import CommandLog, Heard, JobLog
from pytest_canary.jobs.markers import shown, watched
from pytest_canary.jobs.order import End, Reason, Result
from pytest_canary.jobs.results import CommandResult, JobResult, Part
from pytest_canary.jobs.shell import Ended, Shell, open_shell

# The exit code by which a command ends its job itself.
ENDS_JOB = 130

# Letters of a command by which it is measured.
MEASURED = 60

_PASSED, _FAILED = End("passed"), End("failed", "test")


class JobRun:
    """One job that is run once.

    Args:
        job: what it is to do.
        folder: its own, which is there; its home is made in it.
        processes: those of the run.
        heard: told each line that it prints.
        why_stop: why it is to be stopped now; empty while it may go on.
        secrets: all that there are; what they hold is looked for in all that it prints and calls,
            as a cluster tells what another job has put there.
        measure: measures each command.
    """

    def __init__(
        self,
        job: Job,
        folder: Path,
        processes: Processes,
        heard: Heard,
        why_stop: Callable[[], Reason],
        secrets: Sequence[Secret] = (),
        measure: Measure = unmeasured,
    ) -> None:
        self._job = job
        self._folder = folder
        self._processes = processes
        self._redactor: Redactor = processes.redactor
        self._heard = heard
        self._why_stop = why_stop
        self._measure = measure
        self._watched = watched(secrets)
        # What the pipeline says itself everyone may read.
        self._public = "\n".join([*job.variables.values(), *job.prologue, *job.commands])
        self._log = JobLog(folder / "log.txt")
        self._record = CallRecord(folder / "calls.jsonl")
        self._results: list[CommandResult] = []

    def run(
        self,
        finds: Mapping[str, str],
        variables: Mapping[str, str],
        files: Mapping[Path, str],
        begin: Path | None = None,
    ) -> JobResult:
        """Run it to its end.

        Args:
            finds: what its shell finds before anything is exported: HOME, PATH.
            variables: those of the job.
            files: those of its secrets.
            begin: a script that its shell reads first.

        Raises:
            CommandError: there is no shell for it.
            WaitTimeoutError: its shell does not begin.
        """
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(content)
        home = Path(finds["HOME"])
        with open_shell(self._processes, finds, self._folder, home) as shell:
            problem = self._quietly(shell, f"source {shlex.quote(str(begin))}") if begin else ""
            if problem:
                raise CommandError(f"job {self._job.name} can't be given its programs", problem)
            problem = self._quietly(shell, exports(variables))
            if problem:
                told = f"its variables can't be exported: {problem}"
                return JobResult(self._job.name, _FAILED, log=self._log.path, problem=told)
            end, over = self._commands(shell)
            if not over:
                self._quietly(shell, exports({"SEMAPHORE_JOB_RESULT": end.result}))
                why_stopped = self._epilogue(shell, end)
                end = End("stopped", why_stopped) if why_stopped else end
        return JobResult(self._job.name, end, tuple(self._results), self._log.path)

    def _quietly(self, shell: Shell, script: str) -> str:
        """Run what is none of the job's commands; what it says where it fails."""
        said = CommandLog(self._redactor, lambda _: None)
        ended = shell.run(script, said.take, self._why_stop)
        failed = ended.code and not ended.cut_off
        return (said.text.strip() or f"exit code {ended.code}") if failed else ""

    def _commands(self, shell: Shell) -> tuple[End, bool]:
        """How the job has ended, and whether nothing may follow."""
        ended = self._until_first_failure(shell, "prologue", self._job.prologue)
        if not ended.code:
            ended = self._until_first_failure(shell, "commands", self._job.commands)
        if ended.cut_off:
            return End("stopped", ended.cut_off), True
        if ended.code == ENDS_JOB:
            return self._asked(shell), True
        return (_FAILED if ended.code else _PASSED), ended.closed

    def _epilogue(self, shell: Shell, end: End) -> Reason:
        """Run it; why it was stopped, and empty where it was not."""
        last = self._until_first_failure(shell, "always", self._job.always)
        if last.closed or last.cut_off:
            return last.cut_off
        if end.result == "passed":
            return self._until_first_failure(shell, "on_pass", self._job.on_pass).cut_off
        return self._until_first_failure(shell, "on_fail", self._job.on_fail).cut_off

    def _until_first_failure(self, shell: Shell, part: Part, commands: Iterable[str]) -> Ended:
        ended = Ended(0)
        for text in commands:
            ended = self._run(shell, part, text)
            if ended.code:
                break
        return ended

    def _run(self, shell: Shell, part: Part, text: str) -> Ended:
        disclosure = self._disclosure()
        said = CommandLog(self._redactor, self._heard, disclosure.of_pipe())
        began = time.monotonic()
        typed = self._redactor.redact(text)
        try:
            with self._measure("command", cut(typed, MEASURED)):
                ended = shell.run(text, said.take, self._why_stop)
        finally:
            self._log.add(typed, said.text)
        self._results.append(
            CommandResult(
                part,
                typed,
                ended.code,
                ended.closed,
                ended.cut_off,
                time.monotonic() - began,
                said.text,
                self._calls(),
                shown(disclosure.variables),
            )
        )
        return ended

    def _disclosure(self) -> Disclosure:
        return Disclosure(self._watched, self._public)

    def _calls(self) -> tuple[Call, ...]:
        """What was called since, as it may be told: without secrets, but with which they were."""
        calls = self._record.new()
        leaky = self._in_arguments(*calls)
        return tuple(self._told(each, self._in_arguments(each) if leaky else ()) for each in calls)

    def _told(self, call: Call, secrets: tuple[str, ...]) -> Call:
        redact = self._redactor.redact
        arguments = tuple(redact(each) for each in call.arguments)
        return replace(call, program=redact(call.program), arguments=arguments, secrets=secrets)

    def _in_arguments(self, *calls: Call) -> tuple[str, ...]:
        disclosure = self._disclosure()
        for call in calls:
            for each in call.arguments:
                disclosure.of_text()(each)
        return shown(disclosure.variables)

    def _asked(self, shell: Shell) -> End:
        """How the job has asked to end."""
        said = CommandLog(self._redactor, lambda _: None)
        shell.run('echo "$SEMAPHORE_JOB_RESULT"', said.take, self._why_stop)
        asked: dict[str, Result] = {"passed": "passed", "failed": "failed"}
        result = asked.get(said.text.strip(), "stopped")
        return End(result, "user" if result == "stopped" else "test" if result == "failed" else "")
