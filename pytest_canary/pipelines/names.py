"""What has to have a name of its own: blocks, jobs, promotions, and the variables of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_canary.core.wording import cut
from pytest_canary.pipelines.shapes import SHOWN, Misfit
from pytest_canary.pipelines.values import Place, Values


def twice(values: Values) -> Iterator[Misfit]:
    """The keys that are set twice, as YAML forbids: which of the two counts is the reader's."""
    for place in values.doubles:
        yield Misfit(place, "is set twice in one table; keep one of the two")


def doubles(pipeline: dict[str, Any]) -> Iterator[Misfit]:
    """What is called as another one is, for which Semaphore refuses a pipeline."""
    yield from _doubles(pipeline["blocks"], ("blocks",), "name", "block")
    for place, task in tasks(pipeline):
        yield from doubles_in_task(task, place)
    promotions = pipeline.get("promotions", [])
    yield from _doubles(promotions, ("promotions",), "name", "promotion")
    for number, each in enumerate(promotions):
        at = ("promotions", number, "parameters", "env_vars")
        yield from _doubles(_parameters(each), at, "name", "parameter of its promotion")


def doubles_in_task(task: dict[str, Any], place: Place) -> Iterator[Misfit]:
    """The same of a task's jobs, and of the variables of their matrices."""
    jobs = (*place, "jobs")
    yield from _doubles(task.get("jobs", []), jobs, "name", "job of its block")
    for number, job in enumerate(task.get("jobs", [])):
        at = (*jobs, number, "matrix")
        yield from _doubles(job.get("matrix", []), at, "env_var", "variable of its matrix")


def parameters(pipeline: dict[str, Any]) -> Iterator[Misfit]:
    """Parameters of promotions that are optional and have a default, which must be one of both."""
    for number, promotion in enumerate(pipeline.get("promotions", [])):
        for index, each in enumerate(_parameters(promotion)):
            if each.get("required") is False and each.get("default_value"):
                place = ("promotions", number, "parameters", "env_vars", index, "default_value")
                yield Misfit(place, "goes without required: false; leave one of the two out")


def tasks(pipeline: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Every task that the file itself has, with its place; that after the pipeline is the last."""
    for number, block in enumerate(pipeline["blocks"]):
        if "task" in block:
            yield ("blocks", number, "task"), block["task"]
    after = pipeline.get("after_pipeline", {})
    if "task" in after:
        yield ("after_pipeline", "task"), after["task"]


def _parameters(promotion: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = promotion.get("parameters", {}).get("env_vars", [])
    return found


def _doubles(tables: list[dict[str, Any]], place: Place, key: str, noun: str) -> Iterator[Misfit]:
    seen = set()
    for number, each in enumerate(tables):
        name = each.get(key)
        if name in seen:
            problem = f"another {noun} is called {cut(str(name), SHOWN)}; give each its own name"
            yield Misfit((*place, number, key), problem)
        seen |= {name} - {None}
