"""A pipeline's jobs, run as GitLab's runner does.

`before_script` and `script` are one shell with `set -eo pipefail`, whose first failure ends it;
`after_script` is another one, of which nothing counts. None has a terminal for its input.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pytest_canary.core.errors import CommandError
from pytest_canary.jobs.assignment import Assignment
from pytest_canary.jobs.command_runs import CommandRuns
from pytest_canary.jobs.environment import exports, files, of_shell
from pytest_canary.jobs.order import End, Reason
from pytest_canary.jobs.results import JobResult, Part
from pytest_canary.jobs.shell import Ended, Shell, open_shell
from pytest_canary.services.gitlab.pipeline import GitLabJob, GitLabPipeline
from pytest_canary.services.gitlab.variables import (
    expand,
    of_secrets,
    predefined_variables,
    project_folder,
)
from pytest_canary.services.places import for_checkout

# Seconds that the runner gives `after_script`.
AFTER = 300

_PASSED, _FAILED = End("passed"), End("failed", "test")


class GitLabJobs:
    """The jobs of one pipeline.

    Args:
        pipeline: what is to be run.
        parameters: the variables that the pipeline is started with, over all others.
    """

    def __init__(
        self, pipeline: GitLabPipeline, parameters: Mapping[str, str] | None = None
    ) -> None:
        self._pipeline = pipeline
        self._parameters = parameters or {}

    def run(self, given: Assignment) -> JobResult:
        """Run one; see `jobs.assignment.RunJob`."""
        job = self._pipeline.jobs[given.job.name]
        if job.when == "on_failure" and not self._has_failed(given.job.name, given.ends):
            return JobResult(given.job.name, End("passed", "skipped"))
        return _JobRun(job, given, self._variables(job, given)).run()

    def starts(self, name: str, ends: Mapping[str, End]) -> bool:
        """Whether a job starts by itself where those before have ended so."""
        job = self._pipeline.jobs[name]
        return job.when == "always" or (job.when == "on_failure") == self._has_failed(name, ends)

    def _has_failed(self, name: str, ends: Mapping[str, End]) -> bool:
        waits = next(b for b in self._pipeline.definition.blocks if b.name == name).dependencies
        return any(ends[each].result in ("failed", "stopped") for each in waits if each in ends)

    def _variables(self, job: GitLabJob, given: Assignment) -> dict[str, str]:
        own = predefined_variables(given.workflow, given.home) | {
            "CI_JOB_ID": given.folder.name,
            "CI_JOB_NAME": given.job.name,
            "CI_JOB_STAGE": job.stage,
        }
        secrets = of_secrets(given.secrets, given.home)
        raw = job.raw | secrets.keys()
        return expand({**own, **job.variables, **secrets, **self._parameters}, raw)


class _JobRun:
    """One job that is run once."""

    def __init__(self, job: GitLabJob, given: Assignment, variables: Mapping[str, str]) -> None:
        self._job = job
        self._given = given
        self._variables = variables
        public = "\n".join([*job.before, *job.script, *job.after, *job.variables.values()])
        self._runs = CommandRuns(
            given.folder,
            given.processes.redactor,
            given.heard,
            given.why_stop,
            public,
            given.watched,
            given.measure,
        )

    def run(self) -> JobResult:
        """How it has ended."""
        given = self._given
        (given.home / project_folder(given.workflow)).mkdir(parents=True)
        for path, content in files(given.job, given.secrets, given.home).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(content)
        finds = of_shell(given.programs.environment, given.folder)
        with open_shell(given.processes, finds, given.folder, given.home) as shell:
            self._begin(shell, self._variables)
            ended = self._get_sources(shell)
            if ended.code and not ended.cut_off:  # nothing follows, after_script neither
                return self._result(_FAILED)
            if not ended.cut_off:
                self._enter(shell)
                ended = self._lines(shell, "prologue", self._job.before)
            if not _over(ended):
                ended = self._lines(shell, "commands", self._job.script)
        if ended.cut_off:
            return self._result(End("stopped", ended.cut_off))
        code = ended.status if ended.closed else ended.code
        if self._job.after:
            status = "failed" if code else "success"
            with open_shell(given.processes, finds, given.folder, given.home) as shell:
                self._begin(shell, {**self._variables, "CI_JOB_STATUS": status})
                self._enter(shell)
                self._lines(shell, "always", self._job.after, time.monotonic() + AFTER)
        may = self._job.may_fail
        if code and (may is True or (isinstance(may, frozenset) and code in may)):
            return self._result(End("passed", "allowed"))
        return self._result(_FAILED if code else _PASSED)

    def _result(self, end: End) -> JobResult:
        return JobResult(self._given.job.name, end, tuple(self._runs.results), self._runs.log)

    def _begin(self, shell: Shell, variables: Mapping[str, str]) -> None:
        begin = self._given.programs.begin
        scripts = [f"source {shlex.quote(str(begin))}"] if begin else []
        for script in (*scripts, exports(variables)):
            problem = self._runs.quietly(shell, script)
            if problem:
                raise CommandError(f"job {self._given.job.name} can't be begun", problem)

    def _get_sources(self, shell: Shell) -> Ended:
        """Clone the repository, where there are stand-ins, and the job wants it."""
        given = self._given
        if not given.programs.begin or self._variables.get("GIT_STRATEGY") in ("none", "empty"):
            return Ended(0)
        found = exports(for_checkout(given.workflow, project_folder(given.workflow)))
        return self._runs.run(shell, "prologue", "get sources", f"(\n{found}checkout\n)")

    def _enter(self, shell: Shell) -> None:
        folder = shlex.quote(self._variables["CI_PROJECT_DIR"])
        self._runs.quietly(shell, f"cd {folder}\nset -eo pipefail\nset +o noclobber")

    def _lines(
        self, shell: Shell, part: Part, script: Iterable[str], until: float | None = None
    ) -> Ended:
        def why_stop() -> Reason:
            late = until is not None and time.monotonic() > until
            return "timeout" if late else self._given.why_stop()

        ended = Ended(0)
        for line in script:
            given = f"{{ :\n{line}\n}} </dev/null"
            ended = self._runs.run(shell, part, line, given, why_stop)
            if ended.closed:
                last = self._runs.results[-1]
                self._runs.results[-1] = replace(last, code=ended.status)
            if _over(ended):
                break
        return ended


def _over(ended: Ended) -> bool:
    return bool(ended.code or ended.closed or ended.cut_off)
