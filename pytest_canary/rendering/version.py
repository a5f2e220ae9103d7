"""A version of the app: its image, and what makes its objects."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_canary.rendering.renderer import Renderer


@dataclass(frozen=True)
class Version:
    """One version of the app.

    Attributes:
        title: what it is called in front of a person: "candidate", "baseline".
        image: the name that the nodes know its image by.
        renderer: makes its objects, and says how they are applied.
    """

    title: str
    image: str
    renderer: Renderer
