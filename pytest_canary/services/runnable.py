"""A file of GitHub's or GitLab's, as a `jobs.runner` takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from pytest_canary.core.errors import SettingsError
from pytest_canary.jobs.assignment import RunJob
from pytest_canary.jobs.definition import Definition
from pytest_canary.jobs.environment import Workflow
from pytest_canary.jobs.order import End
from pytest_canary.manifests.documents import Fault, Source
from pytest_canary.pipelines.kinds import kind_of
from pytest_canary.pipelines.shapes import Anything
from pytest_canary.pipelines.variables import Provided
from pytest_canary.services.github import lacking as github_lacking
from pytest_canary.services.github.job import GitHubJobs
from pytest_canary.services.github.schema import WORKFLOW
from pytest_canary.services.github.workflow import read_workflow
from pytest_canary.services.gitlab import lacking as gitlab_lacking
from pytest_canary.services.gitlab.job import GitLabJobs
from pytest_canary.services.gitlab.pipeline import read_pipeline
from pytest_canary.services.lacking import wants
from pytest_canary.services.reading import MOST, RunInputs, read


@dataclass(frozen=True)
class Runnable:
    """What a runner is given, to run a file's jobs once.

    Attributes:
        definition: the jobs.
        run_job: runs one, as its service does.
        starts: whether a job, by its name, starts by itself where those before have ended so.
    """

    definition: Definition
    run_job: RunJob
    starts: Callable[[str, Mapping[str, End]], bool]


def runnable(source: Source, wanted: RunInputs, workflow: Workflow) -> Runnable:
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
            gitlab = GitLabJobs(pipeline, wanted.parameters)
            return Runnable(pipeline.definition, gitlab.run, gitlab.starts)
    else:
        found, faults = read_workflow(source, wanted)
        if found:
            github = GitHubJobs(found, wanted.parameters)
            starts = partial(github.starts, workflow=workflow)
            return Runnable(found.definition, github.run, starts)
    raise SettingsError("\n".join(_format(faults)))


def faults_of(source: Source, wanted: RunInputs, provided: Provided) -> list[Fault]:
    """What is wrong with a file, whatever it runs for; and what its jobs lack.

    Args:
        source: the file.
        wanted: what is to be run of it.
        provided: what is known of it beside that.
    """
    if kind_of(source.path) == "GitLab":
        faults = read_pipeline(source, wanted)[1]
        reader = None if faults else read(source, Anything(), "GitLab")[0]
        lacking = gitlab_lacking.faults
    else:
        faults = read_workflow(source, wanted)[1]
        reader = None if faults else read(source, WORKFLOW, "GitHub")[0]
        lacking = github_lacking.faults
    return [*faults, *(islice(lacking(reader, wanted, wants(provided)), MOST) if reader else ())]


def _format(faults: Sequence[Fault]) -> list[str]:
    return [f"{each.source.where(each.line)}: {each.sentence}; {each.fix}" for each in faults]
