"""The repository that a pipeline's jobs check out: the project as it is now, as one commit.

Nothing is written into the project's own repository: its objects are borrowed, and what is not
committed yet goes into a repository of the run's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.config.git import QUIET, complaint, git
from pytest_canary.core.errors import CommandError, ReleaseError
from pytest_canary.core.processes import Processes

BRANCH = "rehearsed"
"""The branch of the run's repository."""

_USERINFO = re.compile(r"://[^/@]*@")

# Who makes the commit, where there is something to commit.
_AUTHOR = {
    f"GIT_{who}_{what}": text
    for who in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "pytest-canary"), ("EMAIL", "rehearsal@pytest-canary.invalid"))
}

# Seconds for each of git's commands.
TIMEOUT = 120.0

# Without a remote, as there must be some.
NOWHERE = "https://git.invalid"


@dataclass(frozen=True)
class Snapshot:
    """What is checked out.

    Attributes:
        path: the run's repository.
        commit: the one that has the project's files.
        name: the project's, by its remote or its folder.
        url: where the project's repository is; one that leads nowhere where it has no remote.
    """

    path: Path
    commit: str
    name: str
    url: str


def take_snapshot(root: Path, folder: Path, processes: Processes) -> Snapshot:
    """Put the project's files as they are, those that git ignores left out, into a repository.

    Args:
        root: the project's folder, in git or not.
        folder: takes the repository; it is made.
        processes: run git.

    Raises:
        ReleaseError: git can't.
    """
    try:
        return _Taking(root, folder, processes).take()
    except CommandError as error:
        raise ReleaseError(
            f"the project can't be put into a commit for its pipelines: {complaint(error)}",
            error.evidence,
        ) from error


class _Taking:
    def __init__(self, root: Path, folder: Path, processes: Processes) -> None:
        self._root = root
        self._path = folder.resolve()
        self._processes = processes

    def take(self) -> Snapshot:
        self._path.mkdir(parents=True)
        self._git(self._path, "init", "--quiet", "--bare", f"--initial-branch={BRANCH}")
        own = self._ask("rev-parse", "--absolute-git-dir")
        top = Path(self._ask("rev-parse", "--show-toplevel") or self._root)
        head = self._ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}") if own else ""
        if own:
            self._borrow()
        commit = self._commit(top, head)
        self._inside(top, "update-ref", f"refs/heads/{BRANCH}", commit)
        for tag in self._ask(
            "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags"
        ).splitlines():
            target, name = tag.split(" ", 1)
            self._inside(top, "update-ref", name, target)
        # Who may fetch it is nobody's to know there.
        url = _USERINFO.sub("://", self._ask("remote", "get-url", "origin")) if own else ""
        name = url.rstrip("/").removesuffix(".git").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        return Snapshot(self._path, commit, name or top.name, url or f"{NOWHERE}/{top.name}.git")

    def _borrow(self) -> None:
        """Let the repository's objects be found, and what it leaves out stay out."""
        objects = self._ask("rev-parse", "--path-format=absolute", "--git-path", "objects")
        (self._path / "objects" / "info" / "alternates").write_text(f"{objects}\n")
        for name in ("shallow", "info/exclude"):
            found = self._ask("rev-parse", "--path-format=absolute", "--git-path", name)
            if Path(found).is_file():
                (self._path / name).parent.mkdir(exist_ok=True)
                (self._path / name).write_bytes(Path(found).read_bytes())

    def _commit(self, top: Path, head: str) -> str:
        if head:
            self._inside(top, "read-tree", head)
        self._inside(top, "add", "--all", "--", ".")
        tree = self._inside(top, "write-tree").strip()
        if head and tree == self._inside(top, "rev-parse", f"{head}^{{tree}}").strip():
            return head
        parents = ("-p", head) if head else ()
        made = self._inside(top, "commit-tree", tree, *parents, "-m", "What is rehearsed")
        return made.strip()

    def _inside(self, top: Path, *words: str) -> str:
        """Run git in the run's repository, with the project's files."""
        where = {
            "GIT_DIR": str(self._path),
            "GIT_WORK_TREE": str(top),
            "GIT_INDEX_FILE": str(self._path / "index"),
        }
        return self._git(top, *QUIET, *words, **where, **_AUTHOR)

    def _ask(self, *words: str) -> str:
        """What git says in the project; empty where it is in none, or there is no such thing."""
        try:
            return self._git(self._root, *words).strip()
        except CommandError:
            return ""

    def _git(self, folder: Path, *words: str, **variables: str) -> str:
        return git(folder, *words, processes=self._processes, timeout=TIMEOUT, variables=variables)
