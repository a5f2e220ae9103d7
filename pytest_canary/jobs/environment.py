"""Which variables and files a job finds, as Semaphore gives them; pure.

https://docs.semaphoreci.com/reference/env-vars; which of two counts is that of the product's code:
Semaphore's own, then secrets, then the promotion's parameters, then what the file sets.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pytest_canary.core.errors import SettingsError
from pytest_canary.jobs.definition import Definition, Job
from pytest_canary.jobs.order import End

HOME, TEMPORARY = "home", "tmp"
"""Folders in a job's own: where it is at home, and where it makes temporary files."""

# Where Semaphore's agents are at home, for values that name it.
_HOME = re.compile(r"(?:(?<=:)|\A)/home/semaphore(?=[/:]|\Z)")
_BEFORE_HOME = re.compile(r"\A(?:~|\$HOME|/home/semaphore)/")


@dataclass(frozen=True)
class Secret:
    """One secret of an organization or project.

    Attributes:
        variables: by name.
        files: what is in them, by their paths; those that don't begin with / are the home's.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Workflow:
    """What a pipeline runs for.

    Attributes:
        identity: one for all pipelines of a workflow; its images may have it as their tag.
        pipeline: the pipeline's own.
        project: its name, which is that of the folder too that `checkout` makes.
        url: the repository's.
        sha: the commit.
        ref_type: what it runs on.
        ref: name of the branch or tag, number of the pull request.
        base: the branch that a pull request is to.
        promoted_by: "auto-promotion", or who has pressed; empty for the first pipeline.
        parameters: those of the promotion.
        more: others of Semaphore's own: SEMAPHORE_REGISTRY_URL.
    """

    identity: str
    pipeline: str
    project: str
    url: str
    sha: str
    ref_type: Literal["branch", "tag", "pull-request"] = "branch"
    ref: str = "master"
    base: str = "master"
    promoted_by: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def keywords(self) -> dict[str, str]:
        """What a condition's keywords stand for: only that of the ref's own type has a value."""
        own = self.ref_type.replace("-", "_")
        return dict.fromkeys(("branch", "tag", "pull_request"), "") | {own: self.ref}


def variables(
    workflow: Workflow,
    definition: Definition,
    block: str,
    job: Job,
    identity: str,
    secrets: Mapping[str, Secret],
    home: Path,
) -> dict[str, str]:
    """The variables of a job.

    Args:
        workflow: what it runs for.
        definition: its pipeline.
        block: its block's name.
        job: the job.
        identity: its own.
        secrets: by name; all of the job's.
        home: what a value means by /home/semaphore.
    """
    own = {
        "CI": "true",
        "DISPLAY": ":99",
        "PAGER": "cat",
        "SEMAPHORE": "true",
        "SEMAPHORE_JOB_ID": identity,
        "SEMAPHORE_JOB_NAME": job.name,
        "SEMAPHORE_JOB_TYPE": "pipeline_job",
        "SEMAPHORE_PROJECT_NAME": workflow.project,
        "TERM": "xterm",
    }
    pipeline = {
        "SEMAPHORE_BLOCK_NAME": block,
        "SEMAPHORE_PIPELINE_ID": workflow.pipeline,
        "SEMAPHORE_PIPELINE_NAME": definition.name,
        "SEMAPHORE_PIPELINE_PROMOTED_BY": workflow.promoted_by,
        "SEMAPHORE_PIPELINE_PROMOTION": str(bool(workflow.promoted_by)).lower(),
        "SEMAPHORE_PIPELINE_RERUN": "false",
        "SEMAPHORE_WORKFLOW_ID": workflow.identity,
        "SEMAPHORE_WORKFLOW_RERUN": "false",
    }
    found = own | _of_git(workflow) | dict(workflow.more)
    for name in job.secrets:
        found |= secrets[name].variables
    found |= pipeline | dict(workflow.parameters) | dict(job.variables)
    return {name: _HOME.sub(lambda _: str(home), value) for name, value in found.items()}


def _of_git(workflow: Workflow) -> dict[str, str]:
    ref = {
        "branch": f"refs/heads/{workflow.ref}",
        "tag": f"refs/tags/{workflow.ref}",
        "pull-request": f"refs/pull/{workflow.ref}/merge",
    }[workflow.ref_type]
    common = {
        "SEMAPHORE_GIT_DIR": workflow.project,
        "SEMAPHORE_GIT_REF": ref,
        "SEMAPHORE_GIT_REF_TYPE": workflow.ref_type,
        "SEMAPHORE_GIT_REPO_NAME": workflow.project,
        "SEMAPHORE_GIT_SHA": workflow.sha,
        "SEMAPHORE_GIT_URL": workflow.url,
    }
    if workflow.ref_type == "branch":
        names = ("SEMAPHORE_GIT_BRANCH", "SEMAPHORE_GIT_WORKING_BRANCH")
        return common | dict.fromkeys(names, workflow.ref)
    if workflow.ref_type == "tag":
        return common | {"SEMAPHORE_GIT_BRANCH": ref, "SEMAPHORE_GIT_TAG_NAME": workflow.ref}
    return common | {
        "SEMAPHORE_GIT_BRANCH": workflow.base,
        "SEMAPHORE_GIT_PR_NUMBER": workflow.ref,
        "SEMAPHORE_GIT_PR_SHA": workflow.sha,
    }


def after_pipeline(end: End, began: float, ended: float) -> dict[str, str]:
    """What the jobs after a pipeline know of it, beside their variables.

    Args:
        end: how it has ended.
        began: when it did, in seconds since 1970; it neither waits in a queue nor is it compiled.
        ended: when it had.
    """
    seconds = str(round(ended - began))
    return {
        "SEMAPHORE_PIPELINE_CREATED_AT": str(int(began)),
        "SEMAPHORE_PIPELINE_DONE_AT": str(int(ended)),
        "SEMAPHORE_PIPELINE_INIT_DURATION": "0",
        "SEMAPHORE_PIPELINE_QUEUEING_DURATION": "0",
        "SEMAPHORE_PIPELINE_RESULT": end.result,
        "SEMAPHORE_PIPELINE_RESULT_REASON": end.reason,
        "SEMAPHORE_PIPELINE_RUNNING_DURATION": seconds,
        "SEMAPHORE_PIPELINE_STARTED_AT": str(int(began)),
        "SEMAPHORE_PIPELINE_TOTAL_DURATION": seconds,
    }


def files(job: Job, secrets: Mapping[str, Secret], home: Path) -> dict[Path, str]:
    """What the job's secrets put where in its home.

    Raises:
        SettingsError: a file would not lie in the home.
    """
    found = {}
    for name in job.secrets:
        for path, content in secrets[name].files.items():
            place = home / _BEFORE_HOME.sub("", path)
            if ".." in place.parts or not place.is_relative_to(home):
                raise SettingsError(
                    f"secret {name} has a file {path}, which is not in the job's home; "
                    "write ~/… or a name alone"
                )
            found[place] = content
    return found


def exports(values: Mapping[str, str]) -> str:
    """A script that exports variables."""
    return "".join(f"export {name}={shlex.quote(values[name])}\n" for name in sorted(values))


def of_shell(programs: Mapping[str, str], folder: Path) -> dict[str, str]:
    """All that a job's shell finds before anything is exported: nothing of this process's own.

    Args:
        programs: what it needs to find its programs; PATH at least.
        folder: the job's own, in which its home is.
    """
    return {
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
        "TERM": "xterm",
        "USER": "semaphore",
        **programs,
        "CANARY_JOB": str(folder),
        "HOME": str(folder / HOME),
        "TMPDIR": str(folder / TEMPORARY),
    }
