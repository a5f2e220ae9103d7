"""A workflow's jobs, run as GitHub's runner does: each step a process of its own.

A step's `bash -e` has no terminal for its input, as there. What it starts in the background lives
as long as its job; a step that takes too long ends it. A job that is stopped has no further step,
be its condition `always()` or not.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_canary.jobs.assignment import Assignment
from pytest_canary.jobs.command_runs import CommandRuns
from pytest_canary.jobs.environment import TEMPORARY, Secret, Workflow, exports, files
from pytest_canary.jobs.order import End, Reason
from pytest_canary.jobs.results import JobResult
from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.github import file_commands
from pytest_canary.services.github.environment import contexts, variables, workspace
from pytest_canary.services.github.expressions import Expression, fill_in
from pytest_canary.services.github.functions import holds
from pytest_canary.services.github.shells import Shells
from pytest_canary.services.github.steps import GitHubJob, Step, Texts
from pytest_canary.services.github.workflow import GitHubWorkflow
from pytest_canary.services.places import for_checkout

RESULTS = {"passed": "success", "failed": "failure", "stopped": "cancelled", "canceled": "skipped"}
"""GitHub's words for how a job ends."""

_SHELLS = {
    "": "bash -e {0}",
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}


class GitHubJobs:
    """The jobs of one workflow that is run once; what some hand on, others ask for.

    Args:
        workflow: what is to be run.
        parameters: the values of its inputs.
    """

    def __init__(self, workflow: GitHubWorkflow, parameters: Texts | None = None) -> None:
        self._workflow = workflow
        self._inputs = {**workflow.inputs, **(parameters or {})}
        self._outputs: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def run(self, given: Assignment) -> JobResult:
        """Run one; see `jobs.assignment.RunJob`."""
        job = self._workflow.jobs[given.job.name]
        own = variables(
            given.workflow,
            given.definition.name,
            job.key,
            given.home,
            given.folder / TEMPORARY,
        )
        scope = self._scope(job, own, given.ends)
        try:
            if not _is_meant(job.condition, scope, not _have_passed(job, given.ends)):
                return JobResult(given.job.name, End("canceled", "skipped"))
        except ExpressionError as error:
            return JobResult(given.job.name, End("failed", "test"), problem=f"its if: {error}")
        scope["secrets"] = _secrets(given.secrets)
        result, outputs = _JobRun(job, given, own, scope).run()
        with self._lock:
            self._outputs.setdefault(job.key, {}).update(outputs)
        if result.end.result == "failed" and _is_true(job.may_fail, scope):
            return replace(result, end=End("passed", "allowed"))
        return result

    def starts(self, name: str, ends: Mapping[str, End], workflow: Workflow) -> bool:
        """Whether a job starts by itself where those before have ended so; for what it runs."""
        job = next(each for each in self._workflow.jobs.values() if each.key == name)
        nowhere = Path()
        own = variables(workflow, self._workflow.definition.name, job.key, nowhere, nowhere)
        try:
            return _is_meant(
                job.condition, self._scope(job, own, ends), not _have_passed(job, ends)
            )
        except ExpressionError:  # it fails, and so does nothing
            return False

    def _scope(self, job: GitHubJob, own: Texts, ends: Mapping[str, End]) -> dict[str, Any]:
        """What its condition may ask for."""
        failed = any(ends[name].result == "failed" for name in job.before if name in ends)
        return {
            **contexts(own, self._inputs),
            "matrix": dict(job.matrix),
            "needs": self._needs(job, ends),
            "strategy": {},
            **_status(failed, _have_passed(job, ends)),
        }

    def _needs(self, job: GitHubJob, ends: Mapping[str, End]) -> dict[str, Any]:
        with self._lock:
            outputs = {name: dict(self._outputs.get(name, {})) for name in job.needs}
        return {
            name: {"result": _word(ends[name]), "outputs": outputs[name]}
            for name in job.needs
            if name in ends
        }


class _JobRun:
    """One job that is run once."""

    def __init__(
        self, job: GitHubJob, given: Assignment, own: Texts, scope: dict[str, Any]
    ) -> None:
        self._job = job
        self._given = given
        self._own = own
        self._scope = scope
        self._steps: dict[str, Any] = {}
        self._failed = False
        # What steps hand on to those behind them.
        self._more: dict[str, str] = {}
        self._folders: list[str] = []
        public = "\n".join(step.shown for step in job.steps)
        self._runs = CommandRuns(
            given.folder,
            given.processes.redactor,
            given.heard,
            given.why_stop,
            public,
            given.watched,
            given.measure,
        )

    def run(self) -> tuple[JobResult, dict[str, str]]:
        """How it has ended, and its outputs."""
        given = self._given
        work = given.home / workspace(given.workflow)
        work.mkdir(parents=True)
        (given.folder / "steps").mkdir()
        for path, content in files(given.job, given.secrets, given.home).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(content)
        why: Reason = ""
        with Shells(given, self._runs) as shells:
            for number, step in enumerate(self._job.steps, 1):
                try:
                    why = self._step(shells, number, step)
                except ExpressionError as error:
                    self._refuse(shells, step, str(error))
                if why:
                    break
        end = End("stopped", why) if why else End("passed")
        if self._failed and not why:
            end = End("failed", "test")
        result = JobResult(given.job.name, end, tuple(self._runs.results), self._runs.log)
        return result, self._job_outputs()

    def _job_outputs(self) -> dict[str, str]:
        scope = self._now({})
        try:
            return {name: fill_in(text, scope) for name, text in self._job.outputs.items()}
        except ExpressionError:  # what asks for them finds nothing
            return {}

    def _step(self, shells: Shells, number: int, step: Step) -> Reason:
        """Run a step if it is meant to; why the job was stopped in it."""
        environment: dict[str, str] = {}
        scope = self._now(environment)
        for table in self._job.environment:
            for name, text in table.items():
                environment[name] = fill_in(text, scope)
        environment |= self._more
        for name, text in step.environment.items():
            environment[name] = fill_in(text, scope)
        if not _is_meant(step.condition, scope, self._failed):
            self._end(step, "skipped", "skipped", {})
            return ""
        places = file_commands.make(self._given.folder / "steps")
        script = self._script(number, step, scope, environment | places)
        ended = shells.run(step.shown, script, _minutes(fill_in(step.minutes, scope)))
        problem = "" if ended.code else self._hand_on(step, places)
        failed = bool(ended.code or problem)
        if problem:
            last = self._runs.results[-1]
            self._runs.results[-1] = replace(last, code=1, output=f"{last.output}{problem}\n")
        passes = failed and _is_true(step.may_fail, scope)
        self._failed |= failed and not passes
        if failed:
            self._end(step, "failure", "success" if passes else "failure", {})
        return ended.cut_off if ended.cut_off and not shells.timed_out else ""

    def _refuse(self, shells: Shells, step: Step, problem: str) -> None:
        """Let a step fail of which an expression can't be evaluated."""
        shells.run(step.shown, f"(printf '%s\\n' {shlex.quote(problem)}; exit 1)", None)
        self._failed = True
        self._end(step, "failure", "failure", {})

    def _now(self, environment: Mapping[str, str]) -> dict[str, Any]:
        """What expressions may ask for now; the variables may still come."""
        status = "failure" if self._failed else "success"
        return {
            **self._scope,
            **_status(self._failed, not self._failed),
            "env": environment,
            "job": {"status": status},
            "steps": self._steps,
        }

    def _script(
        self, number: int, step: Step, scope: Mapping[str, Any], environment: Mapping[str, str]
    ) -> str:
        """What the job's shell is given to run a step."""
        folder = self._given.folder / "steps"
        found = {**self._own, **environment, "GITHUB_ACTION": step.identity or f"__run_{number}"}
        if step.action:
            inputs = {name: fill_in(text, scope) for name, text in step.inputs.items()}
            named = {name.upper().replace(" ", "_").replace("-", "_"): name for name in inputs}
            found |= {f"INPUT_{name}": inputs[key] for name, key in named.items()}
            found |= for_checkout(self._given.workflow, workspace(self._given.workflow))
        path = "".join(f"{each}:" for each in self._folders)
        given = folder / f"{number}.env"
        given.touch(mode=0o600)
        given.write_text(exports(found) + f'export PATH={shlex.quote(path)}"$PATH"\n')
        work = Path(self._own["GITHUB_WORKSPACE"])
        begin = f". {shlex.quote(str(given))} && cd {shlex.quote(str(work))}"
        if step.script is None:
            return f"( {begin} || exit\n{step.stand_in or ':'}\n) </dev/null"
        script = folder / f"{number}.sh"
        script.touch(mode=0o600)
        script.write_text(f"{fill_in(step.script, scope)}\n")
        place = work / fill_in(step.folder, scope)
        shell = _SHELLS.get(step.shell, step.shell)
        shell = shell if "{0}" in shell else f"{shell} {{0}}"
        command = shell.replace("{0}", shlex.quote(str(script)))
        return f"( {begin} && cd {shlex.quote(str(place))} || exit\nexec {command}\n) </dev/null"

    def _hand_on(self, step: Step, places: Mapping[str, str]) -> str:
        """Take over what a step hands on; what is wrong with it."""
        try:
            outputs = file_commands.read_assignments(places["GITHUB_OUTPUT"])
            self._more |= file_commands.read_assignments(places["GITHUB_ENV"])
        except ExpressionError as error:
            return f"GITHUB_OUTPUT or GITHUB_ENV: {error}"
        self._folders = [*file_commands.folders(places["GITHUB_PATH"]), *self._folders]
        self._end(step, "success", "success", outputs)
        return ""

    def _end(self, step: Step, outcome: str, conclusion: str, outputs: dict[str, str]) -> None:
        if step.identity:
            told = {"outcome": outcome, "conclusion": conclusion, "outputs": outputs}
            self._steps[step.identity] = told


def _minutes(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise ExpressionError(f"timeout-minutes is no number: {text[:40]!r}") from error


def _have_passed(job: GitHubJob, ends: Mapping[str, End]) -> bool:
    """Whether all before it have."""
    return all(ends[name].result == "passed" for name in job.before if name in ends)


def _is_true(text: str, scope: Mapping[str, Any]) -> bool:
    """Whether a text that may have expressions in it comes to "true"."""
    return fill_in(text, scope).strip().lower() == "true"


def _is_meant(condition: Expression, scope: Mapping[str, Any], failed: bool) -> bool:
    return holds(condition.evaluate(scope)) and (condition.asks_for_status or not failed)


def _status(failed: bool, passed: bool) -> dict[str, Any]:
    return {
        "always": lambda: True,
        "cancelled": lambda: False,
        "failure": lambda: failed,
        "success": lambda: passed,
    }


def _word(end: End) -> str:
    return "success" if end.reason == "allowed" else RESULTS[end.result]


def _secrets(secrets: Mapping[str, Secret]) -> dict[str, str]:
    return {name: value for each in secrets.values() for name, value in each.variables.items()}
