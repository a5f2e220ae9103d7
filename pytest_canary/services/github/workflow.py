"""A workflow's file: what its jobs are to do, and what is wrong with it.

Not taken: reusable workflows, actions for which nothing stands in, and a matrix that an expression
makes. Containers and services are not started; artifacts are not kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.jobs.definition import Block, Definition, FailFast, Job
from pytest_canary.manifests.documents import Fault, Source
from pytest_canary.pipelines.shapes import Misfit, describe
from pytest_canary.pipelines.values import Place
from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.github.actions import CHECKOUT, stand_in
from pytest_canary.services.github.expressions import Expression, condition, pieces
from pytest_canary.services.github.functions import text_of
from pytest_canary.services.github.matrix import ADDED, MOST, copies
from pytest_canary.services.github.schema import WORKFLOW
from pytest_canary.services.github.steps import GitHubJob, Step, Texts
from pytest_canary.services.reading import Reader, RunInputs, circle, job_misfits, read

# Minutes that GitHub gives a job; its workflow has 35 days.
JOB_LIMIT, WORKFLOW_LIMIT = 360, 35 * 24 * 60


@dataclass(frozen=True)
class GitHubWorkflow:
    """What is to be run of a file.

    Attributes:
        definition: its jobs, each a block of its own, a matrix one of several jobs.
        jobs: what each of them does, by its name there.
        inputs: what has a value where nobody gives one.
    """

    definition: Definition
    jobs: Mapping[str, GitHubJob]
    inputs: Texts


def read_workflow(source: Source, wanted: RunInputs) -> tuple[GitHubWorkflow | None, list[Fault]]:
    """Read a workflow's file.

    Returns:
        What is to be run, None where something is wrong; and that.
    """
    reader, faults = read(source, WORKFLOW, "GitHub")
    if reader is None:
        return None, faults
    reading = _Reading(reader, wanted)
    found = reading.workflow()
    return (None if reading.faults else found), reading.faults


@dataclass
class _Reading:
    """One file that is read; what is wrong with it gathers in `faults`."""

    reader: Reader
    wanted: RunInputs
    faults: list[Fault] = field(default_factory=list)

    def workflow(self) -> GitHubWorkflow | None:
        root: dict[str, Any] = self.reader.values.root
        jobs = root["jobs"]
        for misfit in job_misfits(self.wanted, jobs):
            self._wrong(misfit)
        if self.faults:
            return None
        needs = {key: _needs(job) for key, job in jobs.items()}
        self._expect_order(needs)
        names = [key for key in jobs if not self.wanted.jobs or key in self.wanted.jobs]
        blocks: list[Block] = []
        found: dict[str, GitHubJob] = {}
        for key in names:
            block, made = self._block(key, root, {k: needs[k] for k in names})
            blocks.append(block)
            found |= made
        name = text_of(root.get("name")) or self.reader.source.shown
        definition = Definition(name, tuple(blocks), minutes=WORKFLOW_LIMIT)
        return GitHubWorkflow(definition, found, _inputs(root["on"]))

    def _expect_order(self, needs: Mapping[str, tuple[str, ...]]) -> None:
        for key, before in needs.items():
            for name in (each for each in before if each not in needs):
                self._wrong(Misfit(("jobs", key, "needs"), f"there is no job {name}"))
        ring = circle(needs)
        if ring:
            told = f"jobs wait for each other: {', '.join(ring)}"
            self._wrong(Misfit(("jobs", ring[0], "needs"), told))

    def _block(
        self, key: str, root: Mapping[str, Any], needs: Mapping[str, tuple[str, ...]]
    ) -> tuple[Block, dict[str, GitHubJob]]:
        place: Place = ("jobs", key)
        job = root["jobs"][key]
        if "uses" in job:
            self._refuse((*place, "uses"), "a reusable workflow", "name its jobs, in its own file")
        asked = self._condition(job.get("if", "success()"), (*place, "if"))
        defaults = [of.get("defaults", {}).get("run", {}) for of in (root, job)]
        steps = tuple(
            self._step(step, (*place, "steps", number), {**defaults[0], **defaults[1]})
            for number, step in enumerate(job.get("steps", []))
        )
        strategy = job.get("strategy", {})
        before = tuple(name for name in needs[key] if name in needs)
        made = {
            name: GitHubJob(
                key,
                before,
                _before(key, needs),
                asked,
                (
                    self._texts(root.get("env"), ("env",)),
                    self._texts(job.get("env"), (*place, "env")),
                ),
                steps,
                self._texts(job.get("outputs"), (*place, "outputs")),
                values,
                self._text(job.get("continue-on-error", False), (*place, "continue-on-error")),
            )
            for name, values in self._copies(key, strategy)
        }
        minutes = self._minutes(job, place)
        commands = tuple(step.shown for step in steps)
        jobs = tuple(
            Job(name, commands, secrets=self.wanted.secrets, minutes=minutes) for name in made
        )
        fails_fast = str(strategy.get("fail-fast", True)).lower() != "false"
        # GitHub asks for a job's condition once those before it have ended.
        block = Block(key, jobs, before, fail_fast=FailFast(fails_fast), regardless="if" in job)
        return block, made

    def _copies(
        self, key: str, strategy: Mapping[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        matrix = strategy.get("matrix", {})
        made = [matrix] if isinstance(matrix, str) else list(matrix.values())
        if any(isinstance(each, str) for each in made):
            what = "a matrix that an expression makes"
            self._refuse(("jobs", key, "strategy"), what, "write what it comes to")
            return
        size = math.prod(len(each) for name, each in matrix.items() if name not in ADDED)
        if size > MOST:
            told = f"GitHub takes {MOST} jobs of a matrix, and these are {size:,}"
            self._wrong(Misfit(("jobs", key, "strategy", "matrix"), told))
            return
        for name in ADDED:
            for number, each in enumerate(matrix.get(name, [])):
                if not isinstance(each, dict):
                    place = ("jobs", key, "strategy", "matrix", name, number)
                    self._wrong(Misfit(place, f"a table, not {describe(each)}"))
                    return
        yield from copies(key, matrix)

    def _minutes(self, job: Mapping[str, Any], place: Place) -> int:
        minutes = job.get("timeout-minutes", JOB_LIMIT)
        if isinstance(minutes, int):
            return minutes
        self._refuse((*place, "timeout-minutes"), "a limit that is no number", "write the number")
        return JOB_LIMIT

    def _step(self, step: Mapping[str, Any], place: Place, defaults: Mapping[str, str]) -> Step:
        action = step.get("uses", "")
        script = step.get("run")
        return Step(
            step.get("id", ""),
            f"uses: {action}" if action else str(script),
            None if script is None else self._text(script, (*place, "run")),
            action,
            self._stand_in(step, place) if action else "",
            self._texts(step.get("with"), (*place, "with")),
            self._condition(step.get("if", "success()"), (*place, "if")),
            self._texts(step.get("env"), (*place, "env")),
            step.get("shell") or defaults.get("shell", ""),
            self._text(
                step.get("working-directory") or defaults.get("working-directory", ""),
                (*place, "working-directory"),
            ),
            self._text(step.get("timeout-minutes", ""), (*place, "timeout-minutes")),
            self._text(step.get("continue-on-error", False), (*place, "continue-on-error")),
        )

    def _stand_in(self, step: Mapping[str, Any], place: Place) -> str:
        action: str = step["uses"]
        found = stand_in(action, self.wanted.uses)
        name = action.split("@")[0]
        if found is None:
            fix = f'name what does in [pipeline.uses]: "{name}" = "a command", or "" for nothing'
            self._wrong(Misfit((*place, "uses"), f"nothing stands in for {action}"), fix)
        elif name == CHECKOUT and name not in self.wanted.uses:
            for key in ("repository", "ref", "path"):
                if step.get("with", {}).get(key):
                    fix = f'say what does this in [pipeline.uses]: "{name}" = "a command"'
                    self._refuse((*place, "with", key), f"{action} with {key}", fix)
        return found or ""

    def _texts(self, table: Mapping[str, Any] | None, place: Place) -> Texts:
        return {key: self._text(each, (*place, key)) for key, each in (table or {}).items()}

    def _text(self, value: Any, place: Place) -> str:
        text = text_of(value)
        try:
            [*pieces(text)]
        except ExpressionError as error:
            self._wrong(Misfit(place, str(error)))
        return text

    def _condition(self, value: Any, place: Place) -> Expression:
        try:
            return condition(text_of(value))
        except ExpressionError as error:
            self._wrong(Misfit(place, str(error)))
            return condition("success()")

    def _refuse(self, place: Place, what: str, fix: str) -> None:
        self._wrong(Misfit(place, f"{what} can't be rehearsed"), fix)

    def _wrong(self, misfit: Misfit, fix: str = "") -> None:
        self.faults.append(self.reader.fault(misfit, fix))


def _needs(job: Mapping[str, Any]) -> tuple[str, ...]:
    needs = job.get("needs", [])
    return (needs,) if isinstance(needs, str) else tuple(needs)


def _before(key: str, needs: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """All that a job waits for, and what that does."""
    found: set[str] = set()
    waiting = [*needs[key]]
    while waiting:
        name = waiting.pop()
        if name in needs and name not in found:
            found.add(name)
            waiting += needs[name]
    return frozenset(found)


def _inputs(on: Any) -> Texts:
    """The inputs that have a default, of whatever starts the workflow."""
    starts = on.values() if isinstance(on, dict) else []
    tables = [each.get("inputs") for each in starts if isinstance(each, dict)]
    return {
        name: text_of(each["default"])
        for table in tables
        if isinstance(table, dict)
        for name, each in table.items()
        if isinstance(each, dict) and "default" in each
    }
