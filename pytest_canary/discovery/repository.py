"""A repository's files, as far as anybody would look: names, and what small ones hold."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from pytest_canary.manifests.documents import read
from pytest_canary.manifests.parsing import parse

# Folders that are others' work, or made.
SKIPPED = {
    "node_modules",
    "vendor",
    "venv",
    "target",
    "dist",
    "build",
    "canary-demo",
    "__pycache__",
}

# A repository that has more is looked at in part: what deploys it lies near its top.
DEEPEST, MOST = 4, 5_000


@dataclass(frozen=True)
class Repository:
    """A folder, and what is in it.

    Attributes:
        root: the folder.
    """

    root: Path

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files' paths from the root on, those near the top first."""
        found: list[str] = []
        for folder, folders, names in os.walk(self.root):
            place = Path(folder).relative_to(self.root)
            deep = len(place.parts) >= DEEPEST
            folders[:] = [] if deep else sorted(each for each in folders if self._counts(each))
            # Who opens a pipe waits for what never comes.
            files = (name for name in names if (self.root / place / name).is_file())
            found += [(place / name).as_posix() for name in files]
            if len(found) > MOST:
                break
        return tuple(sorted(found, key=lambda each: (each.count("/"), each)))

    @staticmethod
    def _counts(folder: str) -> bool:
        return folder == ".semaphore" or not (folder.startswith(".") or folder in SKIPPED)

    def with_name(self, *names: str) -> list[str]:
        """The files that are called so, in whatever folder."""
        return [each for each in self.files if PurePosixPath(each).name in names]

    def with_ending(self, *ends: str) -> list[str]:
        """The files whose names end so."""
        return [each for each in self.files if each.endswith(ends)]

    def text(self, path: str) -> str:
        """What a file holds, its beginning where it is large; empty where it can't be read."""
        try:
            return read(self.root / path, self.root).text
        except OSError:
            return ""

    def yaml(self, path: str) -> Any:
        """The first value of a file of YAML or JSON; None where it is none."""
        try:
            values = parse(read(self.root / path, self.root)).values
        except OSError:
            return None
        return values[0] if values else None

    def first(self, *names: str) -> str:
        """The first file that is called so, nearest to the top; empty for none."""
        return next(iter(self.with_name(*names)), "")

    def json(self, path: str) -> dict[str, Any]:
        """The table that a file of JSON holds; empty where it holds none."""
        try:
            return table(json.loads(self.text(path)))
        except (ValueError, RecursionError):
            return {}

    def toml(self, path: str) -> dict[str, Any]:
        """The table that a file of TOML holds; empty where it can't be read."""
        try:
            return tomllib.loads(self.text(path))
        except (ValueError, RecursionError):
            return {}

    def beside(self, path: str, name: str) -> str:
        """A file in the folder of another; empty where there is none."""
        other = PurePosixPath(path).with_name(name).as_posix()
        return other if other in self.files else ""


def table(value: Any) -> dict[str, Any]:
    """A value, where it is a table; else an empty one."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables in a table, each with its name."""
    for name, each in table(value).items():
        if isinstance(each, dict):
            yield str(name), each
