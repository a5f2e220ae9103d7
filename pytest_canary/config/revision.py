"""Which branch or tag is rehearsed, as CI or git tells it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_canary.config.git import complaint
from pytest_canary.core.errors import CommandError


@dataclass(frozen=True)
class Revision:
    """What is rehearsed, as far as a condition asks for it.

    Attributes:
        branch: the branch that it is the head of; None on a tag, a detached HEAD or outside git.
        tags: the tags that name it.
        origin: who says so: "GitHub Actions", "git" …
        pull_request: what asks for a merge, if it is not merged yet. Such a revision is on no
            branch, whatever its own is called: a fork has a master too.
        pull_request_number: as a condition compares it; empty where nobody tells it.
    """

    branch: str | None
    tags: tuple[str, ...]
    origin: str
    pull_request: str | None = None
    pull_request_number: str = ""

    @property
    def text(self) -> str:
        """Where it stands, in words."""
        if self.pull_request:
            return self.pull_request
        parts = [f"branch {self.branch}"] if self.branch else []
        parts += [f"tag {tag}" for tag in self.tags]
        return " and ".join(parts) or "neither a branch nor a tag"


def revision(environ: Mapping[str, str], git: Callable[..., str]) -> Revision:
    """What CI says of the revision, or git where there is no CI that we know.

    CI first, as its checkouts are detached: git then knows no branch.

    Args:
        environ: the process's environment.
        git: runs git in the project with the given words and returns its output.
    """
    for told, read in (
        ("SEMAPHORE", _semaphore),
        ("GITHUB_ACTIONS", _github),
        ("GITLAB_CI", _gitlab),
    ):
        if environ.get(told) == "true":
            return read(environ)
    return _git(git)


# https://docs.semaphoreci.com/reference/env-vars: for a pull request, SEMAPHORE_GIT_BRANCH is
# the branch that it is to be merged into.
def _semaphore(environ: Mapping[str, str]) -> Revision:
    kind = environ.get("SEMAPHORE_GIT_REF_TYPE", "branch")
    tag = environ.get("SEMAPHORE_GIT_TAG_NAME")
    number = environ.get("SEMAPHORE_GIT_PR_NUMBER", "") if kind == "pull-request" else ""
    asks = f"pull request {number}".strip() if kind == "pull-request" else None
    branch = environ.get("SEMAPHORE_GIT_BRANCH") if kind == "branch" else None
    return Revision(branch, (tag,) if tag else (), "Semaphore", asks, number)


# https://docs.github.com/actions/reference/variables: GITHUB_HEAD_REF is set for pull requests
# only; GITHUB_REF_NAME is then the merge's own, or for pull_request_target the target's.
def _github(environ: Mapping[str, str]) -> Revision:
    name, kind = environ.get("GITHUB_REF_NAME"), environ.get("GITHUB_REF_TYPE")
    head = environ.get("GITHUB_HEAD_REF")
    asks = f"a pull request of {head}" if head else None
    merge = re.fullmatch(r"(\d+)/merge", name or "") if asks else None
    branch = name if kind == "branch" and not asks else None
    tags = (name,) if kind == "tag" and name else ()
    return Revision(branch, tags, "GitHub Actions", asks, merge[1] if merge else "")


# https://docs.gitlab.com/ci/variables/predefined_variables: CI_COMMIT_BRANCH is not set in
# pipelines of merge requests and tags.
def _gitlab(environ: Mapping[str, str]) -> Revision:
    request, tag = environ.get("CI_MERGE_REQUEST_IID"), environ.get("CI_COMMIT_TAG")
    asks = f"merge request !{request}" if request else None
    branch = environ.get("CI_COMMIT_BRANCH") or None
    branch = None if asks else branch
    return Revision(branch, (tag,) if tag else (), "GitLab CI", asks, request or "")


def _git(git: Callable[..., str]) -> Revision:
    try:
        tags = tuple(git("tag", "--points-at", "HEAD").split())
    except CommandError as error:
        outside = "not a git repository" in error.output
        return Revision(None, (), "not in git" if outside else f"git can't say: {complaint(error)}")
    try:
        branch = git("symbolic-ref", "--short", "--quiet", "HEAD").strip()
    except CommandError:
        branch = ""  # a detached HEAD
    return Revision(branch or None, tags, "git")
