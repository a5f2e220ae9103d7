"""What the jobs of pipelines have asked of the run's registry, as their stand-in has written it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

What = Literal["login", "push", "pull"]

# What docker says at the end of a push.
_PUSHED = re.compile(r"^\S+: digest: (sha256:[0-9a-f]{64}) size: \d+", re.MULTILINE)

# Bytes that are read of one.
_MOST = 100_000


@dataclass(frozen=True)
class Attempt:
    """A login, push or pull that was tried.

    Attributes:
        name: the image's full name, or the host that was logged in to.
        code: docker's exit code.
        said: what docker has said.
    """

    what: What
    name: str
    code: int
    said: str

    @property
    def digest(self) -> str:
        """Of what was pushed; empty for all else."""
        found = _PUSHED.search(self.said) if self.what == "push" and self.code == 0 else None
        return found[1] if found else ""


def read_attempts(folder: Path) -> list[Attempt]:
    """All that were tried, in the order of their ends; what is no record of one is left out."""
    files = [each for each in folder.iterdir() if each.suffix != ".new"]
    found = [_read(path) for path in sorted(files, key=lambda path: path.stat().st_mtime_ns)]
    return [each for each in found if each]


def _read(path: Path) -> Attempt | None:
    with path.open(errors="replace") as file:
        text = file.read(_MOST)
    what, _, rest = text.partition("\n")
    name, _, rest = rest.partition("\n")
    code, _, said = rest.partition("\n")
    for each in get_args(What):
        if what == each and code.isdigit():
            return Attempt(each, name, int(code), said.strip())
    return None


def pushed_digests(attempts: list[Attempt]) -> dict[str, str]:
    """What was pushed last under each name, by its digest."""
    return {each.name: each.digest for each in attempts if each.digest}
