"""One job, from its environment to its epilogue, as Semaphore's agent runs it.

The first command that fails ends the commands; the epilogue follows, `always` first, and what fails
in it does not count, but a stop does. There is none for a job that was stopped, nor where a command
has closed the shell. A command whose exit code is 130 ends the job with what SEMAPHORE_JOB_RESULT
says.
"""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pytest_canary.core.errors import CommandError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.measuring import Measure, measure_nothing
from pytest_canary.core.processes import Processes
from pytest_canary.jobs.assignment import Assignment
from pytest_canary.jobs.command_runs import CommandRuns
from pytest_canary.jobs.definition import Job
from pytest_canary.jobs.environment import Secret, exports, files, of_shell, variables
from pytest_canary.jobs.job_log import CommandLog, Heard
from pytest_canary.jobs.order import End, Reason, Result
from pytest_canary.jobs.results import JobResult, Part
from pytest_canary.jobs.shell import Ended, Shell, open_shell

# The exit code by which a command ends its job itself.
ENDS_JOB = 130

_PASSED, _FAILED = End("passed"), End("failed", "test")


def run_job(given: Assignment) -> JobResult:
    """Run a job of Semaphore's.

    Raises:
        CommandError: there is no shell for it.
        WaitTimeoutError: its shell does not begin.
    """
    found = variables(
        given.workflow,
        given.definition,
        given.block,
        given.job,
        str(uuid.uuid4()),
        given.secrets,
        given.home,
    )
    run = JobRun(
        given.job,
        given.folder,
        given.processes,
        given.heard,
        given.why_stop,
        given.watched,
        given.measure,
    )
    finds = of_shell(given.programs.environment, given.folder)
    placed = files(given.job, given.secrets, given.home)
    return run.run(finds, {**found, **given.more}, placed, given.programs.begin)


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
        measure: Measure = measure_nothing,
    ) -> None:
        self._job = job
        self._folder = folder
        self._processes = processes
        self._redactor: Redactor = processes.redactor
        self._why_stop = why_stop
        public = "\n".join([*job.variables.values(), *job.prologue, *job.commands])
        self._runs = CommandRuns(folder, self._redactor, heard, why_stop, public, secrets, measure)

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
            problem = (
                self._runs.quietly(shell, f"source {shlex.quote(str(begin))}") if begin else ""
            )
            if problem:
                raise CommandError(f"job {self._job.name} can't be given its programs", problem)
            problem = self._runs.quietly(shell, exports(variables))
            if problem:
                told = f"its variables can't be exported: {problem}"
                return JobResult(self._job.name, _FAILED, log=self._runs.log, problem=told)
            end, over = self._commands(shell)
            if not over:
                self._runs.quietly(shell, exports({"SEMAPHORE_JOB_RESULT": end.result}))
                why_stopped = self._epilogue(shell, end)
                end = End("stopped", why_stopped) if why_stopped else end
        return JobResult(self._job.name, end, tuple(self._runs.results), self._runs.log)

    def _commands(self, shell: Shell) -> tuple[End, bool]:
        """How the job has ended, and whether nothing may follow."""
        ended = self._until_first_failure(shell, "prologue", self._job.prologue)
        if not ended.code:
            ended = self._until_first_failure(shell, "commands", self._job.commands)
        if ended.cut_off:
            return End("stopped", ended.cut_off), True
        if ended.code == ENDS_JOB:
            return self._read_end(shell), True
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
            ended = self._runs.run(shell, part, text)
            if ended.code:
                break
        return ended

    def _read_end(self, shell: Shell) -> End:
        """How the job has asked to end."""
        said = CommandLog(self._redactor, lambda _: None)
        shell.run('echo "$SEMAPHORE_JOB_RESULT"', said.take, self._why_stop)
        asked: dict[str, Result] = {"passed": "passed", "failed": "failed"}
        result = asked.get(said.text.strip(), "stopped")
        return End(result, "user" if result == "stopped" else "test" if result == "failed" else "")
