"""The images of what a release presupposes: those that the cluster gets from this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_canary.cluster.container_engine import ContainerEngine, Image
from pytest_canary.core.errors import ImageError
from pytest_canary.manifests.documents import Document
from pytest_canary.rendering.prerequisites import read_prerequisites


class PrerequisiteImages:
    """Finds and pulls them.

    Args:
        files: the prerequisites' files, or their folders.
        root: the folder that their paths start from.
        timeout: seconds for a pull.
        engine: the container engine.
    """

    def __init__(
        self, files: Sequence[Path], root: Path, timeout: float, engine: ContainerEngine
    ) -> None:
        self._files, self._root = files, root
        self._timeout = timeout
        self._engine = engine

    def provided_names(self, *, whole: bool) -> list[str]:
        """The images that the cluster gets from here, as the project calls them.

        Args:
            whole: whether it gets all, as a cluster of the run's own; one that was there pulls
                what this machine hasn't.
        """
        return [each for each in self._wanted if whole or self._engine.find(each)]

    def pull(self, name: str) -> tuple[Image, Any]:
        """The image, pulled where the engine doesn't have it; and what makes use of it: nothing.

        Raises:
            ImageError: neither the engine nor a registry has it; with the prerequisite's place.
        """
        try:
            image = self._engine.pull(name, self._timeout)
        except ImageError as error:
            document, line = self._wanted[name]
            raise ImageError(
                f"prerequisite {document.kind} {document.name} ({document.source.where(line)}) has "
                f"an image that is neither here nor to be pulled: {error.sentence}",
                error.evidence,
            ) from error
        return image, lambda loaded: loaded

    @cached_property
    def _wanted(self) -> dict[str, tuple[Document, int]]:
        return read_prerequisites(self._files, self._root).images()
