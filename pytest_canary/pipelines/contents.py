"""Reads what a pipeline that fits the schema runs, from its own file and those that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pytest_canary.core.wording import cut
from pytest_canary.manifests.composing import UnreadableError
from pytest_canary.manifests.documents import Fault, Source
from pytest_canary.pipelines.blocks import matrices_in_task
from pytest_canary.pipelines.definition import ENDS, Block, Command, Job, Secret
from pytest_canary.pipelines.faults import misfit_fault, unreadable
from pytest_canary.pipelines.names import doubles_in_task, twice
from pytest_canary.pipelines.schema import TASK
from pytest_canary.pipelines.shapes import SHOWN, Misfit
from pytest_canary.pipelines.values import Place, Values, read_values

Open = Callable[[str], Source | None]
"""The file that a pipeline names; None where there is none."""

NAMES_A_FILE = ("pipeline_file", "commands_file", "task_file")


def absent(value: Any, place: Place, open_file: Open) -> Iterator[Misfit]:
    """The files that are named and not there, unless the name comes from a parameter."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for step, each in parts:
            yield from absent(each, (*place, step), open_file)
    elif place[-1] in NAMES_A_FILE and "${{" not in value and open_file(value) is None:
        yield Misfit(place, f"there is no file {cut(value, SHOWN)}")


@dataclass(frozen=True)
class _Part:
    """A table of a file.

    Attributes:
        place: where it stands in its file.
    """

    source: Source
    values: Values
    table: dict[str, Any]
    place: Place

    def line(self, *place: str | int) -> int:
        return self.values.line((*self.place, *place))

    def at(self, *place: str | int) -> _Part:
        """The table at a place in it; an empty one where there is none."""
        found: Any = self.table
        for step in place:
            found = found.get(step, {}) if isinstance(found, dict) else found[step]
        return _Part(self.source, self.values, found, (*self.place, *place))

    def tables(self, key: str) -> Iterator[_Part]:
        """The tables of a list in it."""
        for number in range(len(self.table.get(key, []))):
            yield self.at(key, number)


class Contents:
    """What a pipeline runs.

    Args:
        source: its file.
        values: what that holds; it fits the schema.
        open_file: finds the files that it names.

    Attributes:
        blocks: in the file's order.
        after: the jobs that run after the pipeline, however it ends.
        faults: what is wrong with the files of its tasks.
    """

    def __init__(self, source: Source, values: Values, open_file: Open) -> None:
        self._open = open_file
        self.faults: list[Fault] = []
        pipeline = _Part(source, values, values.root, ())
        shared = pipeline.at("global_job_config")
        self.blocks = tuple(
            Block(each.table.get("name", ""), each.line(), self._jobs(each, shared, pipeline))
            for each in pipeline.tables("blocks")
        )
        nothing = _Part(source, values, {}, ())
        self.after = self._jobs(pipeline.at("after_pipeline"), nothing, pipeline)

    def _jobs(self, block: _Part, shared: _Part, pipeline: _Part) -> tuple[Job, ...]:
        task = self._task(block)
        agent = (task if "agent" in task.table else pipeline).at("agent").table
        # Once a task, as it may have many jobs.
        prologue = self._join(shared.at("prologue"), task.at("prologue"))
        epilogue = {end: self._join(_end(task, end), _end(shared, end)) for end in ENDS}
        complete = prologue is not None and None not in epilogue.values()
        secrets = tuple(_secrets(shared, task))
        jobs = []
        for each in task.tables("jobs"):
            own, commands = each.table, self._join(each)
            jobs.append(
                Job(
                    name=own.get("name", ""),
                    line=each.line(),
                    machine=agent["machine"]["type"],
                    container=bool(agent.get("containers")),
                    prologue=prologue or (),
                    commands=commands or (),
                    epilogue={end: found or () for end, found in epilogue.items()},
                    complete=complete and commands is not None,
                    variables=_variables(shared, task, each),
                    matrix=_matrix(own),
                    tokens=tuple(own.get("oidc_tokens", {})),
                    secrets=secrets,
                )
            )
        return tuple(jobs)

    def _task(self, block: _Part) -> _Part:
        """A block's task, from a file of its own where the block names one; empty for none."""
        name = block.table.get("task_file")
        source = self._open(name) if name else None
        if source is None:  # one that is named and not there is told already
            return block.at("task")
        nothing = _Part(source, Values({}, {}), {}, ())
        if source.too_large:
            self.faults.append(unreadable(source))
            return nothing
        try:
            values = read_values(source.text)
        except UnreadableError as error:
            self.faults.append(unreadable(source, error))
            return nothing
        misfits = [*twice(values), *TASK.misfits(values.root, ())]
        task = nothing if misfits else _Part(source, values, values.root, ())
        misfits += [*doubles_in_task(task.table, ()), *matrices_in_task(task.table, ())]
        misfits += absent(task.table, (), self._open)
        self.faults += [misfit_fault(each, source, values, whole="the task") for each in misfits]
        return task

    def _join(self, *parts: _Part) -> tuple[Command, ...] | None:
        """The commands of some tables; None where one has them in a file that is not there."""
        found = [self._commands(each) for each in parts]
        known = [each for each in found if each is not None]
        return tuple(chain(*known)) if len(known) == len(found) else None

    def _commands(self, part: _Part) -> list[Command] | None:
        """The commands that a table has; None where they are in a file that is not there."""
        name = part.table.get("commands_file")
        if name is None:
            listed = part.table.get("commands", [])
            return [
                Command(text, part.source, part.line("commands", number))
                for number, text in enumerate(listed)
            ]
        source = self._open(name)
        if source is None or source.too_large:
            return None
        # Semaphore takes each line for a command of its own.
        lines = enumerate(source.text.splitlines(), start=1)
        return [Command(text.strip(), source, line) for line, text in lines if text.strip()]


def _end(part: _Part, end: str) -> _Part:
    """The commands of an epilogue for one end; without a key for any, they run always."""
    epilogue = part.at("epilogue")
    if any(key in ENDS for key in epilogue.table):
        return epilogue.at(end)
    return epilogue if end == ENDS[0] else epilogue.at("nothing")


def _variables(*parts: _Part) -> dict[str, str]:
    """What each sets, the later ones over the earlier."""
    named = chain(*(part.table.get("env_vars", []) for part in parts))
    return {each["name"]: each["value"] for each in named}


def _matrix(job: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        each["env_var"]: tuple(each["values"]) if isinstance(each["values"], list) else ()
        for each in job.get("matrix", [])
    }


def _secrets(*parts: _Part) -> Iterator[Secret]:
    for part in parts:
        for each in part.tables("secrets"):
            variables = tuple(each.table.get("env_var_names", []))
            yield Secret(each.table["name"], each.source, each.line("name"), variables)
