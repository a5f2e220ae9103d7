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
from pytest_canary.config.git import complaint
from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import CommandError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.documents import Document, Source, path_text
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.version import STABLE
from pytest_canary.rendering.renderer import Renderer
from pytest_canary.rendering.renderers import renderer_of
from pytest_canary.rendering.renderings import Renderings, renderings_of

# An image of the baseline's, told from the candidate's as a walk's are.
IMAGE = "fedcba987654-9f8e7d"

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

    def trace(self, documents: Sequence[Document]) -> list[Document]:
        """Objects with their files as they are told."""
        return [replace(each, source=self.in_revision(each.source)) for each in documents]

    def trace_renderings(self, made: Renderings) -> Renderings:
        """What its renderer has made, with its files as they are told."""
        return replace(
            made,
            tracks={
                track: replace(each, parsed=self._traced_parsed(each.parsed))
                for track, each in made.tracks.items()
            },
            shared=self._traced_parsed(made.shared),
            source=self.in_revision(made.source),
        )

    def _traced_parsed(self, parsed: Parsed) -> Parsed:
        return replace(parsed, documents=self.trace(parsed.documents))


def live_renderings(
    plan: Plan, root: Path, candidates: Renderer, asked: Given, processes: Processes
) -> tuple[Renderings | None, str]:
    """What the baseline's own manifests make for stable, each object with its file as it is told.

    Args:
        plan: tells the baseline, and what renders.
        root: the folder that paths are told from.
        candidates: makes the candidate's objects.
        asked: what stable's are made for.
        processes: run git, and the tool that makes the objects.

    Returns:
        The objects, and why there are none; neither where there is nothing to compare, as both
        versions' manifests are the same.
    """
    if plan.uncompared:
        return None, plan.uncompared
    commit, name = plan.baseline.commit, plan.baseline.name
    if commit is None:
        return None, ""
    given = replace(asked, image=f"{asked.image.rpartition(':')[0]}:{IMAGE}")
    try:
        with committed_baseline(plan, commit, root, processes) as baseline:
            if _alike(candidates, baseline.renderer):
                return None, ""
            found = renderings_of(baseline.renderer, {STABLE: given}, given.image)
            return baseline.trace_renderings(found), ""
    except CommandError as error:
        return None, f"{name} can't be read: {complaint(error)}"
    except ReleaseError as error:
        return None, f"{name} can't be compared: {error.sentence}"


def _alike(one: Renderer, other: Renderer) -> bool:
    """Whether both versions' manifests are the same, so that nothing can change but the image."""
    # Of what holds an image, a Job alone can't be given another.
    return one.fingerprint() == other.fingerprint() and "Job" not in one.text()


@contextmanager
def committed_baseline(
    plan: Plan, commit: Commit, root: Path, processes: Processes
) -> Iterator[Committed]:
    """Write the baseline's own manifests into a folder, for as long as they are asked for.

    What its commit does not have, the candidate's stands for, as in a walk.

    Args:
        plan: tells the baseline, and what renders.
        commit: the baseline's.
        root: the folder that paths are told from.
        processes: run git, and the tool that makes the objects.

    Raises:
        CommandError: git does not say what it holds.
        ReleaseError: it is too much to be written; or the tool that makes objects fails.
    """
    settings, own = plan.settings, plan.settings.files
    with tempfile.TemporaryDirectory(prefix="canary-baseline-") as folder:
        top = Path(os.path.realpath(folder))
        _write(plan, commit, top, processes)

        def pick(theirs: Path, candidates: Path) -> Path:
            found = top / theirs
            alike = found.exists() and found.is_dir() == candidates.is_dir()
            return found if alike else candidates

        files = files_of(commit.files, own, pick)
        # The project is in it where its files are seen from.
        way = os.path.relpath(settings.root, own.manifests[0])
        project = Path(os.path.normpath(top / commit.files.manifests[0] / way))
        seen = Path(os.path.normpath(project / os.path.relpath(root, settings.root)))
        made = renderer_of(plan, seen, files, processes)
        yield Committed(made, top, project, settings.root, root, plan.baseline.value)


def _write(plan: Plan, commit: Commit, top: Path, processes: Processes) -> None:
    files, root = commit.files, plan.settings.root
    if files.apply:
        paths = [files.deployment, files.service, files.apply]
        _write_files(root, commit, paths, top, processes)
        return
    wanted = {*files.sources, *files.values}
    taken: set[Path] = set()
    while wanted:
        found = files_in(root, commit.id, [*wanted], processes)
        if len(found) > MOST_FILES:
            raise ReleaseError(
                f"its manifests come with {len(found)} files, which are too many for a check "
                f"(at most {MOST_FILES}); keep them in a folder of their own"
            )
        _write_files(root, commit, found, top, processes)
        taken |= wanted
        wanted = _elsewhere(top, taken) if files.renderer == "kustomize" else set()


def _write_files(
    root: Path, commit: Commit, paths: Sequence[Path], top: Path, processes: Processes
) -> None:
    contents = contents_at(root, commit.id, paths, processes)
    for path, content in zip(paths, contents, strict=True):
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
