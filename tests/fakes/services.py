"""Files of other services, read and run for real."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from fakes.jobs import WORKFLOW, runner

from pytest_canary.jobs.environment import Workflow
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.manifests.documents import Fault, Source
from pytest_canary.services.github.job import GitHubJobs
from pytest_canary.services.github.workflow import GitHubWorkflow, read_workflow
from pytest_canary.services.gitlab.job import GitLabJobs
from pytest_canary.services.gitlab.pipeline import GitLabPipeline, read_pipeline
from pytest_canary.services.reading import RunInputs


def source(text: str, name: str = "ci.yml") -> Source:
    """A file."""
    return Source(Path(name), name, textwrap.dedent(text))


def github(text: str, **wanted: Any) -> GitHubWorkflow:
    """A workflow in which nothing is wrong; its jobs alone, the rest is put before them."""
    found, faults = read_workflow(_source(text), RunInputs(**wanted))
    assert [told(each) for each in faults] == []
    assert found
    return found


def github_faults(text: str, **wanted: Any) -> list[str]:
    """What is wrong with a workflow."""
    found, faults = read_workflow(_source(text), RunInputs(**wanted))
    assert (found is None) is bool(faults)
    return [told(each) for each in faults]


def _source(text: str) -> Source:
    whole = textwrap.dedent(text)
    return source(whole if "\non:" in whole else f"on: push\n{whole}")


def told(fault: Fault) -> str:
    """What is told of a fault."""
    return f"{fault.source.where(fault.line)}: {fault.sentence}; {fault.fix}"


def run_github(
    folder: Path, text: str, workflow: Workflow = WORKFLOW, **options: Any
) -> PipelineResult:
    """Run a workflow's jobs."""
    wanted = {key: options.pop(key) for key in ("jobs", "uses", "parameters") if key in options}
    secrets = options.get("secrets", {})
    read = github(text, secrets=tuple(secrets), **wanted)
    run = GitHubJobs(read, wanted.get("parameters")).run
    return runner(folder, read.definition, workflow, run_job=run, **options).run()


def gitlab(text: str, workflow: Workflow = WORKFLOW, **wanted: Any) -> GitLabPipeline:
    """A pipeline in which nothing is wrong."""
    found, faults = read_pipeline(source(text), RunInputs(**wanted), workflow)
    assert [told(each) for each in faults] == []
    assert found
    return found


def gitlab_faults(text: str, **wanted: Any) -> list[str]:
    """What is wrong with a pipeline."""
    found, faults = read_pipeline(source(text), RunInputs(**wanted), WORKFLOW)
    assert (found is None) is bool(faults)
    return [told(each) for each in faults]


def run_gitlab(
    folder: Path, text: str, workflow: Workflow = WORKFLOW, **options: Any
) -> PipelineResult:
    """Run a pipeline's jobs."""
    wanted = {key: options.pop(key) for key in ("jobs", "parameters") if key in options}
    secrets = options.get("secrets", {})
    pipeline = gitlab(text, workflow, secrets=tuple(secrets), **wanted)
    run = GitLabJobs(pipeline, wanted.get("parameters")).run
    return runner(folder, pipeline.definition, workflow, run_job=run, **options).run()
