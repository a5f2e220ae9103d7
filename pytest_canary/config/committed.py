"""Files as a commit has them, without a checkout of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_canary.config.git import git, git_bytes
from pytest_canary.config.settings import Files
from pytest_canary.core.processes import Processes


def files_in(
    root: Path, commit: str, paths: Sequence[Path], processes: Processes | None = None
) -> list[Path]:
    """The files of a commit's folders, from the repository's top; a file's own path is its own.

    Args:
        root: a folder of the repository.
        commit: its id.
        paths: the folders and files; one that the commit does not have has none.
        processes: the run's; None for some of its own.

    Raises:
        CommandError: git does not say.
    """
    # The top itself is every path.
    asked = [] if Path() in paths else [each.as_posix() for each in paths]
    words = ("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit)
    said = git(root, *words, "--", *asked, processes=processes)
    return [Path(each) for each in said.split("\0") if each]


def contents_at(
    root: Path, commit: str, paths: Sequence[Path], processes: Processes | None = None
) -> list[bytes | None]:
    """What a commit's files hold; None for one that it does not have.

    Args:
        root: a folder of the repository.
        commit: its id.
        paths: the files, from the repository's top.
        processes: the run's; None for some of its own.

    Raises:
        CommandError: git does not say.
    """
    asked = [f"{commit}:{each.as_posix()}" for each in paths]
    # One process for all: a check of the manifests has no time for three.
    said = git_bytes(
        root,
        "cat-file",
        "--batch",
        "--follow-symlinks",
        processes=processes,
        stdin=[f"{each}\n".encode() for each in asked if "\n" not in each],
    )
    found: list[bytes | None] = []
    for each in asked:
        content = None
        if "\n" not in each:
            content, said = _next(said)
        found.append(content)
    return found


def files_of(theirs: Files, own: Files, pick: Callable[[Path, Path], Path]) -> Files:
    """The files that put another revision on a cluster, each its own or the candidate's.

    Args:
        theirs: where they are in that revision.
        own: the candidate's.
        pick: takes one of the first and one of the second.
    """
    if theirs.job and own.job:
        own = replace(own, job=pick(theirs.job, own.job))
    if theirs.apply and own.apply:
        return replace(
            own,
            deployment=pick(theirs.deployment, own.deployment),
            service=pick(theirs.service, own.service),
            apply=pick(theirs.apply, own.apply),
        )
    sources = tuple(map(pick, theirs.sources, own.sources))
    return replace(
        own,
        deployment=sources[0],
        service=sources[0],
        sources=sources,
        values=tuple(map(pick, theirs.values, own.values)),
    )


def _next(said: bytes) -> tuple[bytes | None, bytes]:
    """The first file of git's answer, None where there is none, and what follows."""
    head, _, rest = said.partition(b"\n")
    words = head.split()
    # "ID blob SIZE" has the file behind it, "tree" a folder, "dangling SIZE" a link's target.
    if not words or not words[-1].isdigit():
        return None, rest
    size = int(words[-1])
    return (rest[:size] if words[-2] == b"blob" else None), rest[size + 1 :]
