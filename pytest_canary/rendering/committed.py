"""What makes the baseline's objects of what its commit holds, where nothing is checked out."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_canary.config.baseline import Commit
from pytest_canary.config.committed import contents_at, files_in, files_of
from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import ReleaseError
from pytest_canary.manifests.documents import Document, Source, path_text
from pytest_canary.rendering.renderer import Renderer
from pytest_canary.rendering.renderers import renderer_of

# A check has no time to write more files than manifests are.
MOST_FILES = 1000

# How a kustomization names what is in none of its own folders.
ELSEWHERE = re.compile(r"[\w./-]*\.\./[\w./-]*|[\w./-]+/\.\.|\.\.")


@dataclass(frozen=True)
class Committed:
    """The baseline, as long as its files are there.

    Attributes:
        renderer: makes its objects.
        top: the folder that stands for the repository's top.
        project: the one in it that stands for the project's.
        own: the project's.
        root: the folder that paths are told from.
        revision: as it was named.
    """

    renderer: Renderer
    top: Path
    project: Path
    own: Path
    root: Path
    revision: str

    def in_revision(self, source: Source) -> Source:
        """A file as it is told: by the project's own path, in that revision."""
        if not source.path.is_relative_to(self.top):
            # The candidate's, which was seen from another folder.
            return replace(source, shown=path_text(source.path, self.root))
        path = Path(os.path.normpath(self.own / os.path.relpath(source.path, self.project)))
        shown = f"{self.revision}:{path_text(path, self.root)}"
        return replace(source, path=path, shown=shown, revision=self.revision)

    def traced(self, documents: Sequence[Document]) -> list[Document]:
        """Objects with their files as they are told."""
        return [replace(each, source=self.in_revision(each.source)) for each in documents]


@contextmanager
def committed_baseline(plan: Plan, commit: Commit, root: Path) -> Iterator[Committed]:
    """Write the baseline's own manifests into a folder, for as long as they are asked for.

    What its commit does not have, the candidate's stands for, as in a walk.

    Args:
        plan: tells the baseline, and what renders.
        commit: the baseline's.
        root: the folder that paths are told from.

    Raises:
        CommandError: git does not say what it holds.
        ReleaseError: it is too much to be written; or the tool that makes objects fails.
    """
    settings, own = plan.settings, plan.settings.files
    with tempfile.TemporaryDirectory(prefix="canary-baseline-") as folder:
        top = Path(os.path.realpath(folder))
        _write(plan, commit, top)

        def pick(theirs: Path, candidates: Path) -> Path:
            found = top / theirs
            alike = found.exists() and found.is_dir() == candidates.is_dir()
            return found if alike else candidates

        files = files_of(commit.files, own, pick)
        # The project is in it where its files are seen from.
        way = os.path.relpath(settings.root, own.manifests[0])
        project = Path(os.path.normpath(top / commit.files.manifests[0] / way))
        seen = Path(os.path.normpath(project / os.path.relpath(root, settings.root)))
        made = renderer_of(plan, seen, files)
        yield Committed(made, top, project, settings.root, root, plan.baseline.value)


def _write(plan: Plan, commit: Commit, top: Path) -> None:
    files, root = commit.files, plan.settings.root
    if files.apply:
        _write_files(root, commit, [files.deployment, files.service, files.apply], top)
        return
    wanted = {*files.sources, *files.values}
    taken: set[Path] = set()
    while wanted:
        found = files_in(root, commit.id, [*wanted])
        if len(found) > MOST_FILES:
            raise ReleaseError(
                f"its manifests come with {len(found)} files, which are too many for a check "
                f"(at most {MOST_FILES}); keep them in a folder of their own"
            )
        _write_files(root, commit, found, top)
        taken |= wanted
        wanted = _elsewhere(top, taken) if files.renderer == "kustomize" else set()


def _write_files(root: Path, commit: Commit, paths: Sequence[Path], top: Path) -> None:
    for path, content in zip(paths, contents_at(root, commit.id, paths), strict=True):
        # Git itself makes no tree with a path that leads out of it.
        if content is not None and ".." not in path.parts:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_bytes(content)


def _elsewhere(top: Path, taken: set[Path]) -> set[Path]:
    """What kustomizations name beside what is there: bases and components."""
    found = set()
    for kustomization in top.rglob("[kK]ustomization*"):
        text = kustomization.read_text(errors="replace")
        for word in ELSEWHERE.findall(text):
            path = Path(os.path.normpath(kustomization.parent / word))
            if path.is_relative_to(top):
                found.add(path.relative_to(top))
    return {each for each in found if not any(each.is_relative_to(known) for known in taken)}
