"""What one version's manifests make, as it is compared with what another's do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_canary.manifests.documents import Document, Place, Source
from pytest_canary.manifests.templates import Script

Owner = tuple[str, str]
"""What an object is known by in its namespace: its kind and name."""


@dataclass(frozen=True)
class VersionObjects:
    """One version's objects, as the cluster gets them.

    Attributes:
        title: what the version is called in front of a person: "git:v1.4".
        objects: what is applied for it, in that order, each once.
        stable: its Deployment `NAME-stable`.
        service: the Service in front of it; None where there is none.
        template: where the Deployment comes from.
        script: what applies it.
        blurred: lines of the template that hold a variable without a value.
        given: the keys of the Secrets that whoever deploys it makes.
        deletes: whether what applies it deletes what the version before has, and it has not.
    """

    title: str
    objects: tuple[Document, ...]
    stable: Document
    service: Document | None
    template: Source
    script: Script
    blurred: frozenset[int]
    given: Mapping[Owner, frozenset[str]]
    deletes: bool = False

    def find(self, owner: Owner) -> Document | None:
        """The object of a kind and name."""
        return next((each for each in self.objects if owner_of(each) == owner), None)

    def keys(self, owner: Owner) -> frozenset[str] | None:
        """The keys of a Secret or ConfigMap that it makes; None where it makes none of the name."""
        found = self.find(owner)
        return None if found is None else frozenset(contents(found))

    def clear(self, document: Document, *place: str | int) -> bool:
        """Whether all that stands at a place of an object of its own is known."""
        if document.source != self.template:
            return True
        whole: Place = document.place + place
        lines = {line for spot, line in document.lines.items() if spot[: len(whole)] == whole} or {
            document.line(*place)
        }
        return not lines & self.blurred


def owner_of(document: Document) -> Owner:
    """What an object is known by."""
    return document.kind, document.name


def once(documents: Iterable[Document]) -> dict[Owner, Document]:
    """Objects by their owners; of one that is there several times, the first."""
    found: dict[Owner, Document] = {}
    for each in documents:
        found.setdefault(owner_of(each), each)
    return found


def contents(document: Document) -> dict[str, Any]:
    """What a Secret or ConfigMap holds, by its keys."""
    parts = ("data", "binaryData", "stringData")
    return {key: value for part in parts for key, value in document.table(part).items()}
