"""What the files of one version make, all of it made: whoever judges it runs nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.templates import Script
from pytest_canary.rendering.renderer import Renderer


@dataclass(frozen=True)
class Renderings:
    """A version's objects.

    Attributes:
        tracks: what is made for each track that was asked for.
        shared: the objects that the tracks have in common.
        source: where the Deployment comes from.
        script: what applies a track.
        deletes: whether that deletes what the version before has, and this one has not.
    """

    tracks: Mapping[str, Rendered]
    shared: Parsed
    source: Source
    script: Script
    deletes: bool

    @property
    def foreign(self) -> str:
        """Why nothing can be said about a track; empty where there is no such reason."""
        return next((each.foreign for each in self.tracks.values() if each.foreign), "")


def renderings_of(renderer: Renderer, asked: Mapping[str, Given], image: str) -> Renderings:
    """Let a renderer make a version's objects.

    Args:
        renderer: the version's.
        asked: what each track's objects are made for.
        image: the version's.

    Raises:
        ReleaseError: a tool that makes them fails; with what it says.
    """
    return Renderings(
        tracks={track: renderer.render(each) for track, each in asked.items()},
        shared=renderer.shared(image),
        source=renderer.deployment_source(),
        script=renderer.script(),
        deletes=renderer.deletes,
    )
