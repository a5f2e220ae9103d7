"""A file of settings as TOML: what can't be read, or is no such file, is told."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pytest_canary.core.errors import SettingsError
from pytest_canary.core.wording import size

# Bytes of a settings file: a thousand times as many as any has.
LARGEST = 1_000_000

_TABLE = re.compile(r"\s*\[\[?([^\[\]]+)\]")
_KEY = re.compile(r"\s*([\w.\"' -]+?)\s*=")


def parse(path: Path) -> dict[str, Any]:
    """What the file holds.

    Raises:
        SettingsError: it can't be read, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SettingsError(f"{path.name} has more than {size(LARGEST)}; it holds no settings")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise SettingsError(f"{path.name} can't be read: {error.strerror}") from error
    except RecursionError as error:
        raise SettingsError(f"{path.name} is nested too deeply") from error
    except ValueError as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise SettingsError(f"{path.name} is not valid TOML: {error}") from error


def tools(table: dict[str, Any]) -> dict[str, Any]:
    """The tables that pyproject.toml has for tools."""
    tool = table.get("tool")
    return tool if isinstance(tool, dict) else {}


def line_of(text: str, key: str) -> int:
    """The line on which a key stands, counted from 1; that of its table, where it stands in none.

    Args:
        text: of the file.
        key: with its tables: "promotion.when".

    Returns:
        0 where neither is there.
    """
    table, near = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        header, assigned = _TABLE.match(line), _KEY.match(line)
        if header:
            name = table = _plain(header[1])
        elif assigned:
            name = ".".join(filter(None, [table, _plain(assigned[1])]))
        else:
            continue
        if name == key:
            return number
        # A table may be written in one line, or begin with one of its keys.
        if key.startswith(f"{name}.") or name.startswith(f"{key}."):
            near = near or number
    return near


def _plain(name: str) -> str:
    """A key without the blanks and quotes that it may have."""
    return re.sub(r"[\s\"']", "", name)
