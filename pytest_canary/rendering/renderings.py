"""What the files of a version make, all of it made: whoever judges it runs nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_canary.manifests.documents import Document, Source
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


@dataclass(frozen=True)
class Candidate:
    """The candidate's objects, and the baseline's where they are to be compared.

    Attributes:
        asked: what each track's objects are made for.
        made: the objects.
        service_source: where the Service comes from.
        prerequisites: what is applied before the release.
        definitions: the CRDs among its objects.
        jobs: the Jobs that a tool makes and of which one migrates; None where none of them may.
        notes: what is otherwise than it stands in the project, a sentence each.
        live: what the baseline's files make for stable; None where they are not compared.
        uncompared: why they can't be; empty where they can, or need not be.
    """

    asked: Mapping[str, Given]
    made: Renderings
    service_source: Source
    prerequisites: Parsed
    definitions: tuple[Document, ...]
    jobs: tuple[Document, ...] | None
    notes: tuple[str, ...]
    live: Renderings | None
    uncompared: str


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
        shared=renderer.shared_objects(image),
        source=renderer.deployment_source(),
        script=renderer.script(),
        deletes=renderer.deletes,
    )
