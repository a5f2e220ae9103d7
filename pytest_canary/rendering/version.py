"""A version of the app: its image, and what makes its objects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_canary.rendering.renderer import Renderer


@dataclass(frozen=True)
class Version:
    """One version of the app.

    Attributes:
        title: what it is called in front of a person: "candidate", "baseline".
        image: the name that the nodes know its image by.
        renderer: makes its objects, and says how they are applied.
        job: the manifest of the Job that migrates, where it has one of its own.
    """

    title: str
    image: str
    renderer: Renderer
    job: Path | None = None
