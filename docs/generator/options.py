"""The plugin's options, as `pytest --help` has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from generator.page import code, table
from pytest_canary.plugin import options


class _Listener:
    """Takes the place of pytest's parser, and keeps what is added to it."""

    def __init__(self) -> None:
        self.added: list[tuple[str, dict[str, Any]]] = []

    def getgroup(self, _name: str, _description: str) -> _Listener:
        return self

    def addoption(self, name: str, **how: Any) -> None:
        self.added.append((name, how))


def part() -> str:
    """A row for each option."""
    return table(("option", "what it does"), _rows())


def _rows() -> Iterator[tuple[str, str]]:
    listener = _Listener()
    options.add(cast(pytest.Parser, listener))
    for name, how in listener.added:
        value = how.get("metavar", "")
        yield code(f"{name} {value}".strip()), str(how["help"])
