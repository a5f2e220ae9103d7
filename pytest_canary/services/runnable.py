"""A file of GitHub's or GitLab's, as a `jobs.runner` takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_canary.core.errors import SettingsError
from pytest_canary.jobs.assignment import RunJob
from pytest_canary.jobs.definition import Definition
from pytest_canary.jobs.environment import Workflow
from pytest_canary.manifests.documents import Fault, Source
from pytest_canary.pipelines.kinds import kind_of
from pytest_canary.services.github.job import GitHubJobs
from pytest_canary.services.github.workflow import read_workflow
from pytest_canary.services.gitlab.job import GitLabJobs
from pytest_canary.services.gitlab.pipeline import read_pipeline
from pytest_canary.services.reading import Wanted


@dataclass(frozen=True)
class Runnable:
    """What a runner is given, to run a file's jobs once.

    Attributes:
        definition: the jobs.
        run_job: runs one, as its service does.
    """

    definition: Definition
    run_job: RunJob


def runnable(source: Source, wanted: Wanted, workflow: Workflow) -> Runnable:
    """Read what is to be run of a file.

    Args:
        source: the file, whose place or name says whose it is.
        wanted: what is to be run of it.
        workflow: what it runs for.

    Raises:
        SettingsError: with everything that is wrong, each with file, line and what is allowed.
    """
    if kind_of(source.path) == "GitLab":
        pipeline, faults = read_pipeline(source, wanted, workflow)
        if pipeline:
            return Runnable(pipeline.definition, GitLabJobs(pipeline, wanted.parameters).run)
    else:
        found, faults = read_workflow(source, wanted)
        if found:
            return Runnable(found.definition, GitHubJobs(found, wanted.parameters).run)
    raise SettingsError("\n".join(_told(faults)))


def faults_of(source: Source, wanted: Wanted) -> list[Fault]:
    """What is wrong with a file, whatever it runs for."""
    if kind_of(source.path) == "GitLab":
        return read_pipeline(source, wanted)[1]
    return read_workflow(source, wanted)[1]


def _told(faults: Sequence[Fault]) -> list[str]:
    return [f"{each.source.where(each.line)}: {each.sentence}; {each.fix}" for each in faults]
