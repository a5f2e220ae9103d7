"""Where findings go beside the screen, as `--canary-findings` says, or the CI that it runs in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from pytest_canary.core.wording import did_you_mean

Format = Literal["github", "gitlab", "sarif"]

OPTION = "--canary-findings"

# The one that is no file: its reader is who reads the job's output.
ON_SCREEN: Format = "github"
FILES: dict[str, Format] = {"gitlab": "gitlab", "sarif": "sarif"}
FORMS = (ON_SCREEN, *(f"{name}:FILE" for name in FILES))


@dataclass(frozen=True)
class Destination:
    """One form of the findings, and where it goes.

    Attributes:
        format: whose.
        path: the file, wherever tests may change the folder to; None for the screen.
    """

    format: Format
    path: Path | None = None


def read(given: Iterable[str]) -> tuple[list[Destination], list[str]]:
    """The destinations that options name, and every mistake in them."""
    found, mistakes = [], []
    for each in given:
        name, colon, path = each.partition(":")
        problem = _problem(name, path)
        if problem:
            mistakes.append(f"{OPTION}={each}: {problem}")
        else:
            file = Path(path).expanduser().absolute() if colon else None
            found.append(Destination(cast("Format", name), file))
    return found, mistakes


def _problem(name: str, path: str) -> str:
    """What is wrong with an option; empty for nothing."""
    if name == ON_SCREEN:
        return f"{ON_SCREEN} takes no file, as it reads a job's output" if path else ""
    if name not in FILES:
        near = did_you_mean(name, (ON_SCREEN, *FILES), f"one of {', '.join(FORMS)}")
        return f"no such format; {near}"
    if not path:
        return f"write {name}:FILE"
    file = Path(path).expanduser()
    if file.is_symlink():
        # Such as /dev/stdout: a file of ours would take the link's place.
        return f"{path} is a link; name the file itself"
    if file.exists() and not file.is_file():
        return f"{path} is {'a folder' if file.is_dir() else 'no file'}; name a file"
    return f"{path} holds something else; name another file" if _is_anothers(file) else ""


def _is_anothers(file: Path) -> bool:
    """Whether a file is there that no run of ours has written: it isn't JSON, nor empty."""
    try:
        with file.open("rb") as opened:
            head = opened.read(100).strip()
    except OSError:
        return False  # why it can't be written to is told when it can't
    return bool(head) and head[:1] not in b"[{"


def by_default(environ: Mapping[str, str]) -> list[Destination]:
    """Where findings go unless an option says so: on GitHub Actions, into its annotations."""
    return [Destination(ON_SCREEN)] if environ.get("GITHUB_ACTIONS") == "true" else []
