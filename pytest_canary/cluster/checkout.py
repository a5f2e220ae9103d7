"""A commit's files, all of them and as git has them, in a folder of the run's.

It is git's own checkout (links, filters, submodules), with an index that is not the repository's:
nothing is written there, so that it may be read-only, a killed run leaves nothing in it, and
what its attributes keep out of an archive is here all the same.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_canary.config.baseline import Baseline, Commit
from pytest_canary.config.git import QUIET, complaint, git
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.processes import Processes

# The user may have asked for a part of the files only, for an index that is shared, or for
# submodules to follow: that is meant for the user's own files.
WHOLE = (
    *QUIET,
    *("-c", "core.sparseCheckout=false"),
    *("-c", "core.splitIndex=false"),
    *("-c", "submodule.recurse=false"),
)


@dataclass(frozen=True)
class Repository:
    """A repository, be it a submodule's.

    Attributes:
        git_dir: has its objects.
        top: has the candidate's files of it.
    """

    git_dir: Path
    top: Path


class Checkout:
    """Checks a baseline's commit out.

    Args:
        root: the project's folder.
        baseline: which commit.
        folder: where its files go; it is made.
        processes: run git.
        timeout: seconds for each part.
    """

    def __init__(
        self, root: Path, baseline: Baseline, folder: Path, processes: Processes, timeout: float
    ) -> None:
        self._root = root
        self._name = baseline.name
        self._folder = folder
        self._processes = processes
        self._timeout = timeout

    def make(self, commit: Commit) -> list[str]:
        """Write the files.

        Returns:
            The submodules that stay empty, as they are for the candidate.

        Raises:
            ImageError: git can't, or has no commit of a submodule that the candidate has.
        """
        try:
            git_dir, top = (
                Path(self._git(self._root, "rev-parse", asked).rstrip("\n"))
                for asked in ("--absolute-git-dir", "--show-toplevel")
            )
            return list(self._fill(Repository(git_dir, top), commit.id, self._folder))
        except CommandError as error:
            raise ImageError(
                f"baseline {self._name} can't be checked out: {complaint(error)}; "
                "mend that, or name an image as the baseline",
                error.evidence,
            ) from error

    def _fill(self, repository: Repository, commit: str, folder: Path) -> Iterator[str]:
        folder.mkdir(parents=True, exist_ok=True)
        index = self._folder.with_name(f"{self._folder.name}.index")
        index.unlink(missing_ok=True)
        there = {"GIT_DIR": str(repository.git_dir), "GIT_WORK_TREE": str(folder)}
        written = there | {"GIT_INDEX_FILE": str(index)}
        self._git(folder, *WHOLE, "read-tree", "--reset", "-u", commit, **written)
        for name, path in self._submodules(folder):
            inside = self._git(folder, "ls-tree", "-z", "--full-tree", commit, path, **there)
            mode, kind, wanted = (inside.split("\t")[0].split() or ["", "", ""])[:3]
            if (mode, kind) == ("160000", "commit"):
                yield from self._fill_submodule(repository, name, path, wanted, folder)

    def _submodules(self, folder: Path) -> Iterator[tuple[str, str]]:
        """The names of a commit's submodules, and where they are in it."""
        file = folder / ".gitmodules"
        if not file.is_file():
            return
        asked = ("--file", str(file), "--get-regexp", r"^submodule\..*\.path$")
        try:
            found = self._git(folder, "config", "-z", *asked)
        except CommandError as error:
            if error.code == 1:
                return  # it names none
            raise
        for each in filter(None, found.split("\0")):
            key, _, path = each.partition("\n")
            name = key.removeprefix("submodule.").removesuffix(".path")
            # Git refuses such a name too: it would lead out of the repository.
            if ".." not in PurePosixPath(name).parts:
                yield name, path

    def _fill_submodule(
        self, repository: Repository, name: str, path: str, commit: str, folder: Path
    ) -> Iterator[str]:
        today = repository.top / path
        for git_dir in self._local(repository, name, today):
            there = {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(folder)}
            try:
                self._git(folder, "cat-file", "-e", f"{commit}^{{commit}}", **there)
            except CommandError:
                continue
            yield from self._fill(Repository(git_dir, today), commit, folder / path)
            return
        if today.is_dir() and not any(today.iterdir()):
            yield path
            return
        raise ImageError(
            f"baseline {self._name} has commit {commit[:12]} of submodule {path}, which is not on "
            f"this machine; fetch it in {path}, or name an image as the baseline"
        )

    def _local(self, repository: Repository, name: str, today: Path) -> Iterator[Path]:
        """The submodule's repositories on this machine; nothing is fetched."""
        # One of its own, as old versions of git made them; without it, git finds the outer one.
        if os.path.lexists(today / ".git"):
            with contextlib.suppress(CommandError):
                yield Path(self._git(today, "rev-parse", "--absolute-git-dir").rstrip("\n"))
        there = {"GIT_DIR": str(repository.git_dir), "GIT_WORK_TREE": str(repository.git_dir)}
        common = self._git(repository.git_dir, "rev-parse", "--git-common-dir", **there)
        for git_dir in (repository.git_dir, repository.git_dir / common.rstrip("\n")):
            if (git_dir / "modules" / name).is_dir():
                yield git_dir / "modules" / name

    def _git(self, folder: Path, *words: str, **variables: str) -> str:
        return git(
            folder,
            *words,
            processes=self._processes,
            timeout=self._timeout,
            variables=variables,
        )
