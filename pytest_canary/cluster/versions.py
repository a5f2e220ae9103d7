"""Candidate and baseline: their images, found or built, and the files that deploy each."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytest_canary.cluster.checkout import Checkout
from pytest_canary.cluster.container_engine import ContainerEngine, Image
from pytest_canary.config.baseline import Commit
from pytest_canary.config.committed import files_of
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Files
from pytest_canary.core.errors import ImageError
from pytest_canary.core.processes import Processes
from pytest_canary.rendering.renderers import renderer_of
from pytest_canary.rendering.version import Version

Made = tuple[Image, Callable[[Image], Version]]
"""An image as it was found or built, and the version that it is once it has its name."""


class Versions:
    """Makes the two versions, each in a thread of its own.

    Args:
        plan: says what they are made of.
        folder: the run's; has what is made on the way.
        engine: has the images, or builds them.
        processes: run git.
        build: builds the candidate's image; None for what the plan says.

    Attributes:
        notes: what whoever reads the outcome should know of them, a sentence each.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        engine: ContainerEngine,
        processes: Processes,
        build: Callable[[], Image] | None = None,
    ) -> None:
        self.notes: list[str] = []
        self._plan = plan
        self._settings = plan.settings
        self._folder = folder
        self._engine = engine
        self._processes = processes
        self._build_candidate = build
        self._made: dict[str, tuple[str, Version]] = {}
        self._comparing = threading.Lock()

    def candidate(self) -> Made:
        """The version under test."""
        image, files = self._plan.options.image, self._settings.files
        if self._build_candidate:
            found = self._build_candidate()
        elif image:
            found = self._engine.pull(image, self._settings.deadlines.image)
        else:
            found = self._build("candidate", files.context, files.dockerfile)
        return self._finish("candidate", found, self._settings.root, files)

    def baseline(self) -> Made:
        """The version that is live; an image brings no files, so the candidate's deploy it."""
        commit = self._plan.baseline.commit
        if commit:
            return self._built_baseline(commit)
        found = self._found_baseline(self._plan.baseline.value)
        return self._finish("baseline", found, self._settings.root, self._settings.files)

    def _found_baseline(self, name: str) -> Image:
        known = self._engine.find(name)
        if known is None:
            return self._engine.pull(name, self._settings.deadlines.image)
        # A name with a digest stands for one image only.
        if known.published and "@" not in name:
            digits = known.id.removeprefix("sha256:")[:12]
            self.notes.append(
                f"baseline {name} is the engine's own copy, {digits}{_age(known)}; "
                f"`docker pull {name}` first, where the registry may have a newer one"
            )
        return known

    def _built_baseline(self, commit: Commit) -> Made:
        settings, name = self._settings, self._plan.baseline.name
        checkout = self._folder / "baseline"
        timeout = settings.deadlines.image
        git = Checkout(settings.root, self._plan.baseline, checkout, self._processes, timeout)
        self.notes += [
            f"submodule {path} is not fetched, so baseline {name} is built without it, as the "
            "candidate is"
            for path in git.make(commit)
        ]
        context, dockerfile = checkout / commit.files.context, checkout / commit.files.dockerfile
        for path, is_there in ((context, os.path.isdir), (dockerfile, os.path.isfile)):
            if not (is_there(path) and _is_within(path, checkout)):
                raise ImageError(
                    f"baseline {name} has no {path.relative_to(checkout)} of its own; "
                    "name a later revision, or an image"
                )

        def own(path: Path, candidates: Path) -> Path:
            found = checkout / path
            alike = found.exists() and found.is_dir() == candidates.is_dir()
            if alike and _is_within(found, checkout):
                return found
            self.notes.append(f"baseline {name} has no {path} of its own: the candidate's is used")
            return candidates

        files = files_of(commit.files, settings.files, own)
        image = self._build("baseline", context, dockerfile)
        return self._finish("baseline", image, checkout, files)

    def _build(self, title: str, context: Path, dockerfile: Path) -> Image:
        return self._engine.build(
            context,
            dockerfile,
            self._settings.image.build_args,
            f"pytest-canary/{self._settings.name}:{title}",
            self._folder / f"{title}.iid",
            self._settings.deadlines.image,
        )

    def _finish(self, title: str, image: Image, root: Path, files: Files) -> Made:
        renderer = renderer_of(self._plan, root, files, self._processes)
        version = Version(title, image.ref, renderer, files.job)
        with self._comparing:
            self._made[title] = image.id, version
            if len(self._made) > 1:
                self._compare()
        return image, lambda named: replace(version, image=named.ref)

    def _compare(self) -> None:
        """Tell where the two are one; whoever is through last does, before anything is loaded.

        Raises:
            ImageError: nothing would tell them apart, though a header is to.
        """
        (image, one), (other, two) = self._made["candidate"], self._made["baseline"]
        if not image or image != other:
            return
        both = f"candidate and baseline are the same image, {image.removeprefix('sha256:')[:12]}"
        jobs = [each.job.read_bytes() if each.job else b"" for each in (one, two)]
        if one.renderer.fingerprint() != two.renderer.fingerprint() or jobs[0] != jobs[1]:
            self.notes.append(f"{both}: only the manifests differ")
        elif self._plan.tells_versions:
            raise ImageError(
                f"{both}, with the same manifests, so a rehearsal of an upgrade would prove "
                "nothing; name the version that is live with --canary-baseline, or see why what "
                "has changed is not in the image"
            )
        else:
            self.notes.append(
                f"{both}, with the same manifests: nothing of an upgrade is rehearsed but its steps"
            )


def _is_within(path: Path, folder: Path) -> bool:
    """Whether a path ends in a folder, its links followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _age(image: Image) -> str:
    """When an image was made; reproducible builds don't say."""
    day = image.created[:10]
    return f" of {day}" if day[:4] > "1980" else ""
