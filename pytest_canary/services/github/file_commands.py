"""The files by which a step hands on variables, outputs and folders of programs.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands, "Environment
files"
"""

from __future__ import annotations

from pathlib import Path

from pytest_canary.services.errors import ExpressionError

# Characters of such a file that are read.
LARGEST = 1_000_000

NAMES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
"""The variables that name them."""


def make(folder: Path) -> dict[str, str]:
    """Make them anew, empty; their places by the variables that name them."""
    places = {name: folder / name.lower() for name in NAMES}
    for path in places.values():
        path.write_text("")
    return {name: str(path) for name, path in places.items()}


def read_assignments(path: str) -> dict[str, str]:
    """What a step has written as NAME=VALUE, or over several lines as NAME<<END.

    Raises:
        ExpressionError: it has written something else.
    """
    found: dict[str, str] = {}
    lines = iter(_lines(path))
    for line in lines:
        name, sign, rest = line.partition("=")
        heredoc, mark, end = line.partition("<<")
        if mark and (not sign or len(heredoc) < len(name)):
            value: list[str] = []
            for each in lines:
                if each == end:
                    break
                value.append(each)
            else:
                raise ExpressionError(f"{heredoc}<<{end} has no line {end} that ends it")
            found[heredoc] = "\n".join(value)
        elif sign and name:
            found[name] = rest
        elif line.strip():
            raise ExpressionError(f"{line.strip()[:60]!r} is no NAME=VALUE")
    return found


def folders(path: str) -> list[str]:
    """The folders that a step has put into PATH, the later ones first."""
    return [line for line in reversed(_lines(path)) if line.strip()]


def _lines(path: str) -> list[str]:
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        return file.read(LARGEST).splitlines()
