"""What no schema says of a pipeline's blocks: their order, their time limits, how many jobs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pytest_canary.core.wording import cut, suggestion
from pytest_canary.pipelines.names import tasks
from pytest_canary.pipelines.shapes import SHOWN, Misfit
from pytest_canary.pipelines.values import Place

# Minutes: a pipeline's where it sets none, and a job's.
PIPELINE_LIMIT, JOB_LIMIT = 60, 24 * 60

# Jobs that the matrices of one block make, all together.
MOST_JOBS = 100


def order(blocks: list[dict[str, Any]]) -> Iterator[Misfit]:
    """What keeps the blocks from an order: all have dependencies or none, and none in a circle."""
    explicit = ["dependencies" in each for each in blocks]
    if any(explicit) and not all(explicit):
        place = ("blocks", explicit.index(False))
        yield Misfit(place, "has no dependencies, and other blocks have; write dependencies: []")
    names = [str(each.get("name", "")) for each in blocks]
    for number, each in enumerate(blocks):
        for index, wanted in enumerate(each.get("dependencies", [])):
            if wanted not in names:
                hint = suggestion(wanted, names, "name a block of this file")
                problem = f"there is no block {cut(wanted, SHOWN)}; {hint}"
                yield Misfit(("blocks", number, "dependencies", index), problem)
    circle = _circle(
        {name: b.get("dependencies", []) for name, b in zip(names, blocks, strict=True)}
    )
    if circle:
        waiting = ("blocks", names.index(circle[0]), "dependencies")
        yield Misfit(waiting, f"{' waits for '.join(circle)}, so that none of them ever begins")


def _circle(dependencies: dict[str, list[str]]) -> list[str]:
    """Blocks of which each waits for the next, and the last is the first; empty for none."""
    # What waits for nothing that is left can begin, until nothing more can.
    waiting = {name: {*wanted} & {*dependencies} for name, wanted in dependencies.items()}
    while ready := [name for name, wanted in waiting.items() if not wanted]:
        for name in ready:
            del waiting[name]
        waiting = {name: wanted - {*ready} for name, wanted in waiting.items()}
    if not waiting:
        return []
    path = [next(iter(waiting))]
    while path[-1] not in path[:-1]:
        path.append(min(waiting[path[-1]]))
    return path[path.index(path[-1]) :]


def limits(pipeline: dict[str, Any]) -> Iterator[Misfit]:
    """Time limits that another one makes meaningless, for which Semaphore refuses a pipeline."""
    whole, longest = _minutes(pipeline) or PIPELINE_LIMIT, 0
    for number, block in enumerate(pipeline["blocks"]):
        place: Place = ("blocks", number)
        own, jobs = _minutes(block), _jobs(block)
        longest = max([longest, *jobs])
        if own > whole:
            yield _longer(place, own, f"the pipeline's, which is {whole}")
        if own > JOB_LIMIT and max(jobs, default=0) < JOB_LIMIT:
            yield _longer(place, own, f"a job's, which is {JOB_LIMIT} unless it says more")
        for index, job in enumerate(jobs):
            at = (*place, "task", "jobs", index)
            if job > whole:
                yield _longer(at, job, f"the pipeline's, which is {whole}")
            elif own and job > own:
                yield _longer(at, job, f"its block's, which is {own}")
    if whole > JOB_LIMIT and longest < JOB_LIMIT:
        yield _longer((), whole, f"a job's, which is {JOB_LIMIT} unless it says more")


def matrices(pipeline: dict[str, Any]) -> Iterator[Misfit]:
    """Matrices that make more jobs than Semaphore takes."""
    for place, task in tasks(pipeline):
        yield from matrices_in_task(task, place)


def matrices_in_task(task: dict[str, Any], place: Place) -> Iterator[Misfit]:
    """The first matrix of a task that makes too many, those before it included."""
    made = 0
    for number, job in enumerate(task.get("jobs", [])):
        values = [each["values"] for each in job.get("matrix", [])]
        # What an expression comes to, nobody knows here.
        counted = math.prod(len(each) for each in values if isinstance(each, list))
        made += counted if values else 0
        if made > MOST_JOBS:
            problem = f"{made:,} jobs, and {MOST_JOBS} at most in one block"
            yield Misfit((*place, "jobs", number, "matrix"), problem)
            return


def _longer(place: Place, minutes: int, other: str) -> Misfit:
    where = (*place, "execution_time_limit")
    return Misfit(where, f"{minutes:,} minutes are more than {other}")


def _jobs(block: dict[str, Any]) -> list[int]:
    return [_minutes(each) for each in block.get("task", {}).get("jobs", [])]


def _minutes(table: dict[str, Any]) -> int:
    """The limit that a pipeline, block or job sets; 0 for none."""
    limit = table.get("execution_time_limit", {})
    return int(limit.get("minutes", 0)) + 60 * int(limit.get("hours", 0))
