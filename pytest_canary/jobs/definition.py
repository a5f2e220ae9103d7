"""What a pipeline's jobs are to do, once all that its file says in several places is put together.

Blocks without any dependencies wait for the one before. Each job of a matrix, or of several in
parallel, stands alone. Jobs have the pipeline's `global_job_config`; those after it have not.

An agent's containers are not started: all jobs run on this machine.

Not taken: boosters, filters, a task in another file, and `%{{…}}`, which Semaphore alone fills in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.core.errors import SettingsError
from pytest_canary.pipelines.blocks import JOB_LIMIT, PIPELINE_LIMIT

ReadFile = Callable[[str], str]
"""The text of a file, by the name that the pipeline gives it."""

Commands = tuple[str, ...]
When = str | bool
"""A condition, or what it comes to."""

_PARAMETER = re.compile(r"\$\{\{\s*parameters\.(\w+)\s*\}\}")


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes:
        prologue: the pipeline's commands before each job, then the task's.
        always: the task's commands after it, then the pipeline's; likewise the two that follow.
        variables: those that the file sets, and of its agent.
        secrets: names; of two that set the same, the later one counts.
        minutes: how long it may take.
    """

    name: str
    commands: Commands
    prologue: Commands = ()
    always: Commands = ()
    on_pass: Commands = ()
    on_fail: Commands = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    minutes: int = JOB_LIMIT


@dataclass(frozen=True)
class FailFast:
    """What becomes of the others when something has failed; `stop` is asked first.

    Attributes:
        stop: when those that run are stopped, and those that wait canceled.
        cancel: when those that run may end, and those that wait are canceled.
    """

    stop: When = False
    cancel: When = False


@dataclass(frozen=True)
class Block:
    """One block: its jobs run at once.

    Attributes:
        dependencies: names of the blocks that it waits for.
        run: when it runs; it counts as passed where it does not.
        skip: when it is skipped, which is the same the other way round.
        fail_fast: what becomes of its other jobs when one has failed; None for the pipeline's.
        minutes: how long it may take; None for as long as the pipeline.
        regardless: whether it begins once those have ended that it waits for, however they did;
            none of Semaphore's does.
    """

    name: str
    jobs: tuple[Job, ...]
    dependencies: tuple[str, ...] = ()
    run: When = True
    skip: When = False
    fail_fast: FailFast | None = None
    minutes: int | None = None
    regardless: bool = False


@dataclass(frozen=True)
class Definition:
    """One pipeline.

    Attributes:
        after: the jobs of `after_pipeline`, whatever came of it.
        minutes: how long all blocks together may take.
    """

    name: str
    blocks: tuple[Block, ...]
    after: tuple[Job, ...] = ()
    fail_fast: FailFast = FailFast()
    minutes: int = PIPELINE_LIMIT


def define(
    values: Mapping[str, Any], read_file: ReadFile, parameters: Mapping[str, str] | None = None
) -> Definition:
    """Put together what a pipeline's jobs are to do.

    Args:
        values: of a pipeline file in which nothing is wrong.
        read_file: reads a file of commands that it names.
        parameters: those of the promotion; one that it has not is empty.

    Raises:
        SettingsError: it has something that can't be rehearsed.
    """
    filled = _fill(values, parameters or {})
    blocks = filled["blocks"]
    explicit = any("dependencies" in each for each in blocks)
    names = [each.get("name") or f"Nameless block {i}" for i, each in enumerate(blocks, 1)]
    shared = filled.get("global_job_config", {})
    double = next((each for each in names if names.count(each) > 1), None)
    if double:
        raise SettingsError(f"two blocks are called {double}; give each a name of its own")
    defined = []
    for number, (name, block) in enumerate(zip(names, blocks, strict=True)):
        before = block.get("dependencies", []) if explicit else names[number - 1 : number]
        task = _task(block, f"block {name}")
        defined.append(
            Block(
                name,
                tuple(_jobs(task, shared, filled["agent"], read_file, f"block {name}")),
                tuple(before),
                block.get("run", {}).get("when", True),
                block.get("skip", {}).get("when", False),
                _fail_fast(task) if "fail_fast" in task else None,
                _minutes(block),
            )
        )
    after = _task(filled["after_pipeline"], "after_pipeline") if "after_pipeline" in filled else {}
    return Definition(
        filled.get("name", ""),
        tuple(defined),
        tuple(_jobs(after, {}, filled["agent"], read_file, "after_pipeline")),
        _fail_fast(filled),
        _minutes(filled) or PIPELINE_LIMIT,
    )


def _fill(value: Any, parameters: Mapping[str, str]) -> Any:
    """A value with the parameters' texts in it."""
    if isinstance(value, dict):
        return {key: _fill(each, parameters) for key, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, parameters) for each in value]
    if isinstance(value, str):
        return _PARAMETER.sub(lambda found: parameters.get(found[1], ""), value)
    return value


def _task(parent: Mapping[str, Any], where: str) -> dict[str, Any]:
    if "filters" in parent:
        raise SettingsError(f"{where}: filters can't be rehearsed; write them as skip or run")
    if "task_file" in parent:
        raise SettingsError(
            f"{where}: a task in another file can't be rehearsed; write it into the pipeline"
        )
    task: dict[str, Any] = parent["task"]
    if "boosters" in task:
        raise SettingsError(f"{where}: boosters can't be rehearsed; write them as jobs")
    return task


def _jobs(
    task: Mapping[str, Any],
    shared: Mapping[str, Any],
    agent: Mapping[str, Any],
    read_file: ReadFile,
    where: str,
) -> Iterator[Job]:
    def commands(of: Mapping[str, Any]) -> list[str]:
        if "commands_file" not in of:
            return list(of.get("commands", []))
        return [line.strip() for line in read_file(of["commands_file"]).strip().split("\n")]

    def epilogue(when: str) -> Commands:
        return (*commands(_epilogue(task, when)), *commands(_epilogue(shared, when)))

    agent = task.get("agent", agent)
    machine = {
        "SEMAPHORE_AGENT_MACHINE_TYPE": agent["machine"]["type"],
        "SEMAPHORE_AGENT_MACHINE_OS_IMAGE": agent["machine"].get("os_image", ""),
        "SEMAPHORE_AGENT_MACHINE_ENVIRONMENT_TYPE": "container" if "containers" in agent else "VM",
    }
    for number, job in enumerate(task.get("jobs", []), 1):
        own = commands(job)
        for suffix, more in _copies(job, f"{where}, job {job.get('name') or number}"):
            settings = [*shared.get("env_vars", []), *task.get("env_vars", [])]
            settings += job.get("env_vars", [])
            yield Job(
                f"{job.get('name') or f'Nameless {number}'}{suffix}",
                tuple(own),
                (*commands(shared.get("prologue", {})), *commands(task.get("prologue", {}))),
                epilogue("always"),
                epilogue("on_pass"),
                epilogue("on_fail"),
                machine | {each["name"]: each["value"] for each in settings} | more,
                tuple(
                    each["name"] for each in [*shared.get("secrets", []), *task.get("secrets", [])]
                ),
                _minutes(job) or JOB_LIMIT,
            )


def _epilogue(of: Mapping[str, Any], when: str) -> Mapping[str, Any]:
    epilogue: Mapping[str, Any] = of.get("epilogue", {})
    if "commands" in epilogue or "commands_file" in epilogue:
        return epilogue if when == "always" else {}
    found: Mapping[str, Any] = epilogue.get(when, {})
    return found


def _copies(job: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What each copy of a job has behind its name, and which variables it has alone."""
    count, matrix = job.get("parallelism", 0), job.get("matrix", [])
    dynamic = [
        each for each in (count, *(row["values"] for row in matrix)) if isinstance(each, str)
    ]
    if dynamic:
        raise SettingsError(
            f"{where}: {dynamic[0]} is filled in by Semaphore alone; write what it comes to"
        )
    if count:
        for index in range(1, count + 1):
            numbers = {"SEMAPHORE_JOB_COUNT": str(count), "SEMAPHORE_JOB_INDEX": str(index)}
            yield f" - {index}/{count}", numbers
        return
    names = [row["env_var"] for row in matrix]
    for values in itertools.product(*(row["values"] for row in matrix)):
        pairs = list(zip(names, values, strict=True))
        suffix = ", ".join(f"{name}={value}" for name, value in pairs)
        yield (f" - {suffix}" if suffix else ""), dict(pairs)


def _fail_fast(of: Mapping[str, Any]) -> FailFast:
    asked = of.get("fail_fast", {})
    return FailFast(*(asked.get(key, {}).get("when", False) for key in ("stop", "cancel")))


def _minutes(of: Mapping[str, Any]) -> int | None:
    limit = of.get("execution_time_limit")
    return int(limit.get("minutes", 0)) + 60 * int(limit.get("hours", 0)) if limit else None
