"""A file of settings as TOML: what can't be read, or is no such file, is told."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pytest_canary.core.errors import SettingsError
from pytest_canary.core.wording import size

# Bytes of a settings file: a thousand times as many as any has.
LARGEST = 1_000_000


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
