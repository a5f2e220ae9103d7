"""A pipeline: its blocks in their order, each with its jobs at once."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.evaluation import NONE, Functions, evaluate
from pytest_canary.conditions.parser import parse
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.measuring import Measure, measure_nothing
from pytest_canary.core.processes import Processes
from pytest_canary.jobs.assignment import Assignment, RunJob
from pytest_canary.jobs.definition import Block, Definition, FailFast, Job, When
from pytest_canary.jobs.environment import (
    HOME,
    TEMPORARY,
    Secret,
    Workflow,
    after_pipeline,
    files,
)
from pytest_canary.jobs.job_run import run_job
from pytest_canary.jobs.markers import words_to_watch
from pytest_canary.jobs.order import End, Reason, Strategy, next_step, of_jobs
from pytest_canary.jobs.programs import Programs
from pytest_canary.jobs.results import BlockResult, JobResult, PipelineResult

Heard = Callable[[str, str], None]
"""Told each line that a job prints: the job's name, and the line."""


class Runner:
    """One pipeline that is run once.

    Nothing is promoted: who runs it looks at the result, and at the promotions' conditions.

    Args:
        definition: its blocks and jobs.
        workflow: what it runs for.
        folder: its own, which is there and thrown away afterwards; each job has one in it.
        processes: those of the run; their redactor takes the secrets out, and learns these.
        programs: what the jobs may call.
        secrets: those that there are, by name.
        functions: what conditions may call: `change_in`.
        heard: told each line that a job prints; from several threads.
        measure: measures each command; from several threads.
        run_job: runs one job, as its service does; Semaphore's agent, unless it is said otherwise.

    Raises:
        SettingsError: a condition can't be evaluated, or a secret's file can't be put anywhere.
    """

    def __init__(
        self,
        definition: Definition,
        workflow: Workflow,
        *,
        folder: Path,
        processes: Processes,
        programs: Programs,
        secrets: Mapping[str, Secret],
        functions: Functions = NONE,
        heard: Heard = lambda _job, _line: None,
        measure: Measure = measure_nothing,
        run_job: RunJob = run_job,
    ) -> None:
        self._run_one = run_job
        self._definition = definition
        self._workflow = workflow
        self._folder = folder.resolve()
        self._processes = processes
        self._programs = programs
        self._secrets = secrets
        # Semaphore's own variables have one too, its registry's password.
        self._watched = [*secrets.values(), Secret(workflow.more)]
        processes.redactor.add(*words_to_watch(self._watched).values())
        self._functions = functions
        self._heard = heard
        self._measure = measure
        # Somebody has stopped it; or a block has failed, and those that run are not to go on.
        self._stopped, self._failing = threading.Event(), threading.Event()
        blocks = definition.blocks
        # All are evaluated beforehand: a wrong one makes a pipeline malformed, whatever happens.
        self._runs = {b.name: self._holds(b.run) and not self._holds(b.skip) for b in blocks}
        self._strategy = self._of(definition.fail_fast)
        self._strategies = {
            b.name: self._of(b.fail_fast) if b.fail_fast else self._strategy for b in blocks
        }
        for job in [job for block in blocks for job in block.jobs] + [*definition.after]:
            files(job, {name: secrets.get(name, Secret()) for name in job.secrets}, self._folder)

    def run(self) -> PipelineResult:
        """Run it to its end.

        Raises:
            CommandError: there is no shell for a job.
            WaitTimeoutError: a job's shell does not begin.
        """
        began = time.time()
        results = self._run_blocks(time.monotonic() + 60 * self._definition.minutes)
        end = of_jobs(each.end for each in results)
        self._failing.clear()
        told = after_pipeline(end, began, time.time())
        jobs = self._definition.after
        ends = {each.name: each.end for each in results}
        after = self._run_jobs("", jobs, "after", math.inf, "", ends, told) if jobs else ()
        return PipelineResult(self._definition.name, end, tuple(results), after)

    def stop(self) -> None:
        """Stop what runs, the jobs after the pipeline too; from any thread."""
        self._stopped.set()

    def _run_blocks(self, deadline: float) -> list[BlockResult]:
        blocks = self._definition.blocks
        results: dict[str, BlockResult] = {}
        running: set[str] = set()
        # Each block ends by its deadline, so that there is something to come while one runs.
        ended: queue.Queue[tuple[str, BlockResult | BaseException]] = queue.Queue()

        def follow(number: int, block: Block, ends: Mapping[str, End]) -> None:
            try:
                ended.put((block.name, self._run_block(number, block, deadline, ends)))
            except BaseException as error:
                ended.put((block.name, error))

        with ThreadPoolExecutor(len(blocks)) as threads:
            try:
                while len(results) < len(blocks):
                    ends = {name: each.end for name, each in results.items()}
                    step = next_step(blocks, ends, running, self._strategy)
                    if step.stop:
                        self._failing.set()
                    at_once = dict(step.canceled)
                    for block in step.begin:
                        if self._runs[block.name]:
                            running.add(block.name)
                            threads.submit(follow, blocks.index(block) + 1, block, ends)
                        else:
                            at_once[block.name] = End("passed", "skipped")
                    results |= {name: BlockResult(name, end) for name, end in at_once.items()}
                    if not at_once:
                        name, result = ended.get()
                        running.remove(name)
                        if isinstance(result, BaseException):
                            raise result
                        results[name] = result
            finally:
                self._failing.set()
        return [results[block.name] for block in blocks]

    def _run_block(
        self, number: int, block: Block, deadline: float, ends: Mapping[str, End]
    ) -> BlockResult:
        if block.minutes:
            deadline = min(deadline, time.monotonic() + 60 * block.minutes)
        strategy = self._strategies[block.name]
        jobs = self._run_jobs(block.name, block.jobs, str(number), deadline, strategy, ends, {})
        return BlockResult(block.name, of_jobs(each.end for each in jobs), jobs)

    def _run_jobs(
        self,
        block: str,
        jobs: Sequence[Job],
        number: str,
        deadline: float,
        strategy: Strategy,
        ends: Mapping[str, End],
        more: Mapping[str, str],
    ) -> tuple[JobResult, ...]:
        """Run jobs at once, until the last one has ended."""
        failed = threading.Event()

        def run(index: int, job: Job) -> JobResult:
            until = min(deadline, time.monotonic() + 60 * job.minutes)

            def why_stop() -> Reason:
                if self._stopped.is_set():
                    return "user"
                if self._failing.is_set() or failed.is_set():
                    return "fast_failing"
                return "timeout" if time.monotonic() > until else ""

            try:
                result = self._run_job(block, job, f"{number}-{index}", why_stop, ends, more)
            except BaseException:
                failed.set()
                raise
            if result.end.result == "failed" and strategy == "stop":
                failed.set()
            return result

        with ThreadPoolExecutor(len(jobs)) as threads:
            return tuple(threads.map(run, range(1, len(jobs) + 1), jobs))

    def _run_job(
        self,
        block: str,
        job: Job,
        place: str,
        why_stop: Callable[[], Reason],
        ends: Mapping[str, End],
        more: Mapping[str, str],
    ) -> JobResult:
        missing = [name for name in job.secrets if name not in self._secrets]
        if missing:
            problem = f"secret {missing[0]} not found"
            return JobResult(job.name, End("failed", "test"), problem=problem)
        folder = self._folder / place
        for each in (folder, folder / HOME, folder / TEMPORARY):
            each.mkdir(mode=0o700)
        return self._run_one(
            Assignment(
                self._workflow,
                self._definition,
                block,
                job,
                ends,
                self._secrets,
                self._watched,
                folder,
                self._processes,
                self._programs,
                lambda line: self._heard(job.name, line),
                why_stop,
                self._measure,
                more,
            )
        )

    def _holds(self, when: When) -> bool:
        if isinstance(when, bool):
            return when
        try:
            return evaluate(parse(when), self._workflow.keywords, self._functions)
        except ConditionError as error:
            raise SettingsError(f"the condition {when!r} can't be evaluated: {error}") from error

    def _of(self, fail_fast: FailFast) -> Strategy:
        if self._holds(fail_fast.stop):
            return "stop"
        return "cancel" if self._holds(fail_fast.cancel) else ""
