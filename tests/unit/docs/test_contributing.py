"""CONTRIBUTING.md: its rooms and the places that mask are those that there are, its paths exist."""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path

from fakes.folders import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
PACKAGE = ROOT / "pytest_canary"

# What stands for something else: X.py, NAME, RUN/N.
_PLACEHOLDER = re.compile(r"(?<![A-Za-z_])(?:X|N|NAME|RUN|FOLDER)(?![A-Za-z_])|[*…$]")
# What looks like a path: words with slashes between them, or a file's name.
_PATH = re.compile(r"\.?[\w-]+(?:/[\w.-]+)+/?|[\w-]+/|[\w.-]+\.(?:py|md|yml|toml|txt|bash|json|sh)")
# Made by what is run.
_MADE = ("canary-report", ".venv")
_TAKES_OUT = re.compile(r"redact\(|\.redact\b|\bRedactor\(")
_KEPT = (*_MADE, ".git", "__pycache__", "node_modules")


def sentence_of(room: Path) -> str:
    """The first sentence of a room's docstring, as it stands behind a name in a table."""
    told = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    first = told.partition("\n")[0].removesuffix(".")
    # A name keeps its letters as they are.
    named = first.split()[0].removesuffix("'s") in ("GitHub", "Kubernetes", "Semaphore")
    return first if named else first[0].lower() + first[1:]


def test_each_room_has_its_row_and_says_there_what_its_docstring_says() -> None:
    rows = dict(re.findall(r"^\| *\d+ \| `(\w+)/` \| (.*) \|$", PAGE, re.MULTILINE))
    rooms = {path.parent.name: path.parent for path in PACKAGE.glob("*/__init__.py")}
    assert rows == {name: sentence_of(room) for name, room in rooms.items()}


@cache
def files() -> tuple[str, ...]:
    """Every file and folder of the project, but what tools keep beside them."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [each for each in folders if each not in _KEPT]
        place = Path(folder).relative_to(ROOT)
        found += [f"/{(place / each).as_posix()}" for each in [*folders, *names]]
    return tuple(found)


def exists(path: str) -> bool:
    """Whether there is such a file or folder, from wherever it is told; or a name in a module."""
    wanted = f"/{path.rstrip('/')}"
    if any(each.endswith((wanted, f"{wanted}.py")) for each in files()):
        return True
    module, _, name = wanted.rpartition(".")
    sources = [ROOT / each[1:] for each in files() if module and each.endswith(f"{module}.py")]
    return any(re.search(rf"\b{name}\b", each.read_text()) for each in sources)


def paths() -> list[str]:
    """The back-quoted paths of the page, but for those with a placeholder."""
    quoted = re.findall(r"`([^`\n]+)`", PAGE)
    return [
        each
        for each in quoted
        if _PATH.fullmatch(each)
        and not _PLACEHOLDER.search(each)
        and each.split("/")[0] not in _MADE
    ]


def test_every_path_that_is_named_exists() -> None:
    assert len(paths()) > 150
    assert [each for each in paths() if not exists(each)] == []


def test_a_path_that_is_gone_is_told() -> None:
    assert exists("traffic/pace")
    assert exists("context/expect.every_row")
    assert exists("items.py")
    assert not exists("traffic/peace")
    assert not exists("context/expect.every_column")


def test_every_module_that_takes_secrets_out_is_named() -> None:
    doors = {
        str(path.relative_to(PACKAGE).with_suffix(""))
        for path in PACKAGE.rglob("*.py")
        if _TAKES_OUT.search(path.read_text())
    }
    told = PAGE.partition("\n### Secrets\n")[2].partition("\n### ")[0]
    named = set(re.findall(r"`([a-z0-9_]+/[a-z0-9_]+)`", told))
    assert len(doors) > 20
    assert doors - named == set()
