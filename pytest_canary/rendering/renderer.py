"""What every renderer does: it makes the objects of a track, and says how they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_canary.manifests.documents import Document, Source
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.templates import Script


@dataclass(frozen=True)
class Command:
    """A command that applies objects.

    Attributes:
        words: what the program is told.
        program: what is run; None for the run's own kubectl.
        stdin: what it reads.
        cwd: the folder to run in; None for this process's own.
        named: whether it is to be told the run's namespace.
        runs_hooks: whether it may run Jobs on its way, and waits for them.
    """

    words: tuple[str | Path, ...]
    program: Path | None = None
    stdin: bytes = b""
    cwd: Path | None = None
    named: bool = False
    runs_hooks: bool = False


class Renderer(Protocol):
    """Makes the objects of one version.

    Attributes:
        knows_both: whether one command changes both tracks, so that it has to know of the other.
        deletes: whether that deletes what was made of the version before, and is no more.
    """

    knows_both: bool
    deletes: bool

    def render(self, given: Given) -> Rendered:
        """The objects that are made for one track: its Deployment, and what comes with it."""

    def shared_objects(self, image: str, /) -> Parsed:
        """The objects that both tracks have in common, the Service among them.

        Args:
            image: the version's.
        """

    def definitions(self) -> list[Document]:
        """The CRDs that the other objects need, which are applied before by themselves."""

    def jobs(self, given: Given) -> list[Document]:
        """The Jobs among the objects of which one is to migrate."""

    def apply(self, given: Given, other: Given | None = None, /) -> Command:
        """What puts a track's objects on the cluster.

        Args:
            given: the track.
            other: the other track as it stands; None where it isn't there, or nobody asks.
        """

    def apply_shared(self, image: str, /) -> Command | None:
        """What puts there what both have in common; None where it comes with each track."""

    def script(self) -> Script:
        """What applies a track, with what can be read of how it does that; a tool has no text."""

    def deployment_source(self) -> Source:
        """Where the Deployment comes from."""

    def service_source(self) -> Source:
        """Where the Service comes from."""

    def text(self) -> str:
        """What the Deployment is made of, as whoever may read the project may read it."""

    def fingerprint(self) -> bytes:
        """The same for two versions of which, beside the image, everything is the same."""

    def notes(self) -> list[str]:
        """What is otherwise than it stands in the project, a sentence each."""

    def pull_secrets(self) -> set[str]:
        """The imagePullSecrets that the pods name."""
