"""Where jobs of all services find the same: the commit, the repository, its folder."""

from __future__ import annotations

from urllib.parse import urlsplit

from pytest_canary.jobs.environment import Workflow


def repository(workflow: Workflow) -> str:
    """The repository as its host names it: "team/shop"; "shop/shop" where the URL doesn't tell."""
    path = urlsplit(workflow.url).path if "://" in workflow.url else workflow.url.split(":")[-1]
    named = path.strip("/").removesuffix(".git")
    return named if "/" in named else f"{workflow.project}/{workflow.project}"


def for_checkout(workflow: Workflow, folder: str) -> dict[str, str]:
    """What the stand-in for `checkout` has to know, which is Semaphore's.

    Args:
        workflow: what the pipeline runs for.
        folder: where it puts the repository, as seen from the job's home.
    """
    kind = "branch" if workflow.ref_type == "branch" else "commit"
    return {
        "SEMAPHORE_GIT_BRANCH": workflow.ref,
        "SEMAPHORE_GIT_DIR": folder,
        "SEMAPHORE_GIT_REF_TYPE": kind,
        "SEMAPHORE_GIT_SHA": workflow.sha,
        "SEMAPHORE_GIT_URL": workflow.url,
    }
