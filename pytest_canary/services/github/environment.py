"""What a job of GitHub's knows: its variables, and the contexts of its expressions; pure.

https://docs.github.com/actions/reference/workflows-and-actions/variables, and …/contexts
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_canary.jobs.environment import Workflow
from pytest_canary.services.places import repository

# The variables that its own context `github` has too, by the name there.
_ALIKE = {
    "actor": "GITHUB_ACTOR",
    "api_url": "GITHUB_API_URL",
    "base_ref": "GITHUB_BASE_REF",
    "event_name": "GITHUB_EVENT_NAME",
    "head_ref": "GITHUB_HEAD_REF",
    "job": "GITHUB_JOB",
    "ref": "GITHUB_REF",
    "ref_name": "GITHUB_REF_NAME",
    "ref_type": "GITHUB_REF_TYPE",
    "repository": "GITHUB_REPOSITORY",
    "repository_owner": "GITHUB_REPOSITORY_OWNER",
    "run_attempt": "GITHUB_RUN_ATTEMPT",
    "run_id": "GITHUB_RUN_ID",
    "run_number": "GITHUB_RUN_NUMBER",
    "server_url": "GITHUB_SERVER_URL",
    "sha": "GITHUB_SHA",
    "workflow": "GITHUB_WORKFLOW",
    "workspace": "GITHUB_WORKSPACE",
}


_OWN = re.compile(r"(CI$|GITHUB_|RUNNER_|SEMAPHORE_)")


def workspace(workflow: Workflow) -> str:
    """Where a job works, as seen from its home."""
    return f"work/{workflow.project}/{workflow.project}"


def variables(
    workflow: Workflow, name: str, job: str, home: Path, temporary: Path
) -> dict[str, str]:
    """GitHub's own variables.

    Args:
        workflow: what the workflow runs for.
        name: the workflow's name.
        job: the job's, as the file has it.
        home: where the job is at home.
        temporary: its folder for temporary files.
    """
    refs = {
        "branch": f"refs/heads/{workflow.ref}",
        "tag": f"refs/tags/{workflow.ref}",
        "pull-request": f"refs/pull/{workflow.ref}/merge",
    }
    pulled = workflow.ref_type == "pull-request"
    named = repository(workflow)
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": named.split("/")[0],
        "GITHUB_API_URL": "https://api.github.com",
        "GITHUB_BASE_REF": workflow.base if pulled else "",
        "GITHUB_EVENT_NAME": "pull_request" if pulled else "push",
        "GITHUB_HEAD_REF": workflow.ref if pulled else "",
        "GITHUB_JOB": job,
        "GITHUB_REF": refs[workflow.ref_type],
        "GITHUB_REF_NAME": f"{workflow.ref}/merge" if pulled else workflow.ref,
        "GITHUB_REF_TYPE": "tag" if workflow.ref_type == "tag" else "branch",
        "GITHUB_REPOSITORY": named,
        "GITHUB_REPOSITORY_OWNER": named.split("/")[0],
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": workflow.identity,
        "GITHUB_RUN_NUMBER": "1",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": workflow.sha,
        "GITHUB_WORKFLOW": name,
        "GITHUB_WORKSPACE": str(home / workspace(workflow)),
        "RUNNER_ARCH": "X64",
        "RUNNER_NAME": "canary",
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": str(temporary),
        "RUNNER_TOOL_CACHE": str(temporary / "tools"),
        **workflow.more,
    }


def contexts(own: Mapping[str, str], inputs: Mapping[str, str]) -> dict[str, Any]:
    """What expressions may ask for, as far as the variables tell.

    Args:
        own: GitHub's own variables.
        inputs: those of the workflow.
    """
    github: dict[str, Any] = {name: own[variable] for name, variable in _ALIKE.items()}
    github["event"] = {"inputs": dict(inputs)}
    runner = ("arch", "name", "os", "temp", "tool_cache")
    return {
        "github": github,
        "inputs": dict(inputs),
        "runner": {name: own[f"RUNNER_{name.upper()}"] for name in runner},
        # What `pipeline.variables` names, beside the service's own.
        "vars": {name: text for name, text in own.items() if not _OWN.match(name)},
    }
