"""Manifests: files, the objects in them, and each value with the line that it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pytest_canary.core.harmless import harmless
from pytest_canary.core.wording import cut

Place = tuple[str | int, ...]
"""A way into a document: ("spec", "containers", 0, "image")."""

Unfit = Literal[
    "invalid-yaml",
    "not-an-object",
    "duplicate-key",
    "duplicate-entry",
    "unknown-kind",
    "unknown-field",
    "missing-field",
    "wrong-type",
    "wrong-value",
]
"""The rules by which reading a file and Kubernetes' schema find faults."""

# Bytes of a file of manifests that are read: an object in a cluster can't have more than 1.5 MB.
LARGEST = 2_000_000

# Characters of a line that are shown.
WIDTH = 120


@dataclass(frozen=True)
class Source:
    """A file of manifests.

    Attributes:
        path: where it is.
        shown: the path as it is told, relative to pytest's rootdir.
        text: what it holds, its variables not filled in.
        too_large: whether it holds more.
        revision: of git's, where it is not the file as it is there now; empty where it is.
    """

    path: Path
    shown: str
    text: str
    too_large: bool = False
    revision: str = ""

    def where(self, line: int) -> str:
        """The place as an editor opens it: "manifests/deployment.yml:42"."""
        return f"{self.shown}:{line}"

    def line(self, number: int) -> str:
        """A line, counted from 1; empty where there is none."""
        lines = self._lines
        return lines[number - 1] if 0 < number <= len(lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()

    def quote(self, line: int) -> str:
        """The line itself, its variables not filled in, as their values may be secret."""
        if not self.line(line):
            return ""
        # A tab is told apart from spaces.
        text = harmless(self.line(line).rstrip().replace("\t", "→"))
        return f"{line:>4} | {cut(text, WIDTH)}"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a file; a finding that has not been told yet.

    Attributes:
        source: the file.
        line: counted from 1.
        sentence: what is wrong.
        fix: what mends it.
        rule: the name of the rule that finds it; empty until the rule puts its own there.
    """

    source: Source
    line: int
    sentence: str
    fix: str
    rule: str = ""


@dataclass(frozen=True)
class Document:
    """One Kubernetes object of a file.

    Attributes:
        source: the file.
        value: the object.
        lines: the line of every value that it holds; a key's own where the value has one.
        place: where the object stands in its file's document, which may be a List.
    """

    source: Source
    value: dict[str, Any]
    lines: Mapping[Place, int]
    place: Place = ()

    @property
    def kind(self) -> str:
        """Its kind; empty where there is none."""
        return str(self.value.get("kind") or "")

    @property
    def name(self) -> str:
        """Its name; empty where there is none."""
        return str(self.at("metadata", "name") or "")

    @property
    def group(self) -> str:
        """Its API group; empty for the core's."""
        group, slash, _ = str(self.at("apiVersion") or "").partition("/")
        return group if slash else ""

    @property
    def typed(self) -> str:
        """It as kubectl takes it: its kind, version and group, and its name."""
        version = str(self.at("apiVersion") or "").partition("/")[2]
        return f"{self.kind}{f'.{version}.{self.group}' if self.group else ''}/{self.name}"

    def at(self, *place: str | int) -> Any:
        """The value at a place; None where there is none."""
        found: Any = self.value
        for step in place:
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def table(self, *place: str | int) -> dict[str, Any]:
        """The mapping at a place; empty where there is none."""
        found = self.at(*place)
        return found if isinstance(found, dict) else {}

    def tables(self, *place: str | int) -> Iterator[tuple[Place, dict[str, Any]]]:
        """The mappings of a list at a place, each with its own place."""
        found = self.at(*place)
        for number, each in enumerate(found if isinstance(found, list) else []):
            if isinstance(each, dict):
                yield (*place, number), each

    def line(self, *place: str | int) -> int:
        """The line of a value; of what it is missing from, where there is none."""
        whole = self.place + place
        while whole and whole not in self.lines:
            whole = whole[:-1]
        return self.lines.get(whole, 1)

    def fault(self, place: Place, sentence: str, fix: str, rule: Unfit | None = None) -> Fault:
        """Something that is wrong at a place of this object."""
        return Fault(self.source, self.line(*place), sentence, fix, rule or "")


def read(path: Path, root: Path) -> Source:
    """A file's text; a byte that is no UTF-8 becomes a character that YAML refuses.

    Of one that is too large for a manifest, only the beginning is read.

    Args:
        path: the file.
        root: the folder that paths are told from.
    """
    with path.open("rb") as file:
        return read_bytes(file.read(LARGEST + 1), path, root)


def read_bytes(content: bytes, path: Path, root: Path, revision: str = "") -> Source:
    """The same of what the file holds, or held in a revision of git's."""
    shown = path_text(path, root)
    if revision:
        shown = f"{revision}:{shown}"
    if len(content) > LARGEST:
        text = content[:LARGEST].decode("utf-8-sig", "replace")
        return Source(path, shown, text, too_large=True, revision=revision)
    try:
        return Source(path, shown, content.decode("utf-8-sig"), revision=revision)
    except UnicodeDecodeError as error:
        known = content[: error.start].decode("utf-8-sig")
        text = f"{known}\x00{content[error.start :].decode(errors='replace')}"
        return Source(path, shown, text, revision=revision)


def path_text(path: Path, root: Path) -> str:
    """A path as it is told, from the folder that paths are told from."""
    return Path(os.path.relpath(path, root)).as_posix()


def place_text(place: Place) -> str:
    """A place as Kubernetes names it: "spec.containers[0].image"."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")
