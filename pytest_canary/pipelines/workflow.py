"""A pipeline and everything that its promotions lead to, as one run of them goes through it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.manifests.documents import Fault, Source, read
from pytest_canary.pipelines.contents import Open
from pytest_canary.pipelines.faults import MALFORMED
from pytest_canary.pipelines.pipeline import Pipeline, Promotion, read_pipeline


@dataclass(frozen=True)
class Lead:
    """A promotion, from one file to another."""

    origin: Path
    promotion: Promotion
    target: Path


@dataclass(frozen=True)
class Workflow:
    """Pipelines that lead to each other, in a circle too.

    Attributes:
        pipelines: each file once; the one that a push starts is the first.
        leads: the promotions whose file is there.
    """

    pipelines: tuple[Pipeline, ...]
    leads: tuple[Lead, ...] = ()

    def promotions_to(self, pipeline: Pipeline) -> list[Promotion]:
        """Those that lead to a pipeline."""
        return [each.promotion for each in self.leads if each.target == pipeline.source.path]

    def target(self, promotion: Promotion) -> Pipeline | None:
        """Where a promotion leads; None where there is no such file."""
        leads = [each.target for each in self.leads if each.promotion is promotion]
        return next((each for each in self.pipelines if each.source.path in leads), None)


def read_workflow(first: Path, root: Path) -> Workflow:
    """Read a pipeline, and the files that its promotions lead to.

    Args:
        first: the pipeline that a push starts.
        root: the folder that paths are told from; and the repository, where git's is not found.
    """
    repository = repository_of(first, root)
    waiting = [_plain(first)]
    found: dict[Path, Pipeline] = {}
    leads: list[Lead] = []
    while waiting:
        path = waiting.pop(0)
        if path in found:
            continue
        found[path] = read_file(path, repository, root)
        for promotion in found[path].promotions:
            target = find(promotion.file, path, repository)
            if target:
                leads.append(Lead(path, promotion, target))
                waiting.append(target)
    return Workflow(tuple(found.values()), tuple(leads))


def opener(pipeline: Path, repository: Path, root: Path) -> Open:
    """What finds the files that a pipeline names; paths are told from `root`."""

    def open_file(name: str) -> Source | None:
        path = find(name, pipeline, repository)
        try:
            return read(path, root) if path else None
        except OSError:
            return None

    return open_file


def find(name: str, pipeline: Path, repository: Path) -> Path | None:
    """The file that a pipeline names: from `/` in the repository, else beside the pipeline.

    Returns:
        None where the repository has none.
    """
    folder = repository if name.startswith("/") else pipeline.parent
    path = _plain(folder / name.lstrip("/"))
    try:
        return path if path.is_relative_to(_plain(repository)) and path.is_file() else None
    except (OSError, ValueError):  # a name that no file system takes
        return None


def read_file(path: Path, repository: Path, root: Path) -> Pipeline:
    """One pipeline of a repository; paths are told from `root`."""
    try:
        source = read(path, root)
    except OSError as error:
        source = Source(path, Path(os.path.relpath(path, root)).as_posix(), "")
        why = f"it can't be read: {error.strerror}"
        return Pipeline(source, faults=(Fault(source, 1, why, "let it be read", MALFORMED),))
    return read_pipeline(source, opener(path, repository, root))


def repository_of(pipeline: Path, otherwise: Path) -> Path:
    """The repository that a pipeline is in; what a name that begins with `/` is told from."""
    folders = _plain(pipeline).parents
    found = next((each for each in folders if (each / ".git").exists()), None)
    return found or Path(os.path.commonpath([_plain(otherwise), folders[0]]))


def _plain(path: Path) -> Path:
    """The path without `..`, so that each file has one."""
    return Path(os.path.normpath(path.absolute()))
