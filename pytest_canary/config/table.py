"""How a table of the settings is checked: by exact types, and keys with dashes that it knows."""

from __future__ import annotations

from pydantic import ConfigDict

# Each table names it itself: below a base of ours, ruff takes an empty list that is a default for
# one that all share, as it doesn't see that pydantic copies it.
TABLE = ConfigDict(
    extra="forbid",
    frozen=True,
    strict=True,
    alias_generator=lambda name: name.replace("_", "-"),
)
