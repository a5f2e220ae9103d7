"""How a table of the settings is checked: by exact types, and keys with dashes that it knows."""

from __future__ import annotations

from pydantic import ConfigDict

TABLE = ConfigDict(
    extra="forbid",
    frozen=True,
    strict=True,
    alias_generator=lambda name: name.replace("_", "-"),
)
