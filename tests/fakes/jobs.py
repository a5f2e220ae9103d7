"""Pipelines that are run for real: what a test writes of one, and the runner for it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_canary.core.processes import Processes
from pytest_canary.jobs.definition import Definition, define
from pytest_canary.jobs.environment import Workflow
from pytest_canary.jobs.programs import Programs
from pytest_canary.jobs.results import CommandResult, PipelineResult
from pytest_canary.jobs.runner import Runner
from pytest_canary.manifests.documents import Source
from pytest_canary.pipelines.pipeline import read_pipeline
from pytest_canary.pipelines.values import read_values

HEAD = "version: v1.0\nname: CI\nagent: {machine: {type: e1-standard-2, os_image: ubuntu2004}}\n"

WORKFLOW = Workflow("w-1", "p-1", "shop", "https://git.invalid/shop.git", "0a1b2c")


def defined(text: str, files: Mapping[str, str] | None = None, **parameters: str) -> Definition:
    """What a pipeline's jobs are to do, of which this is the text below its head."""
    whole = HEAD + textwrap.dedent(text)
    known = files or {}

    def open_file(name: str) -> Source | None:
        return Source(Path(name), name, known[name]) if name in known else None

    read = read_pipeline(Source(Path("ci.yml"), "ci.yml", whole), open_file)
    assert read.mistakes == ()
    return define(read_values(whole).root, known.__getitem__, parameters)


def one_job(*commands: str, **more: Any) -> Definition:
    """A pipeline with one job of these commands; in its task, what else is given."""
    task: dict[str, Any] = {"jobs": [{"name": "job", "commands": [*commands]}], **more}
    values: dict[str, Any] = {
        "agent": {"machine": {"type": "e1"}},
        "blocks": [{"name": "block", "task": task}],
    }
    return define(values, dict[str, str]().__getitem__)


def runner(
    folder: Path, definition: Definition, workflow: Workflow = WORKFLOW, **options: Any
) -> Runner:
    """A runner in an empty folder, with the machine's own programs unless it is said otherwise."""
    options.setdefault("processes", Processes())
    options.setdefault("programs", Programs({"PATH": os.environ["PATH"]}))
    options.setdefault("secrets", {})
    return Runner(definition, workflow, folder=folder, **options)


def commands(result: PipelineResult) -> list[CommandResult]:
    """All commands that were run, job by job."""
    jobs = [*(job for block in result.blocks for job in block.jobs), *result.after]
    return [command for job in jobs for command in job.commands]


def outputs(result: PipelineResult) -> list[str]:
    """What each of them printed."""
    return [each.output for each in commands(result)]
