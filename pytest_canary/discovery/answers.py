"""What was found out about a repository, and what was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = str | int | Sequence[str] | Mapping[str, "str | int | bool"]


@dataclass(frozen=True)
class Setting:
    """One setting that follows from what is there.

    Attributes:
        key: with its tables: "image.context".
        value: what is written for it.
        why: where that comes from, in some words.
    """

    key: str
    value: Value
    why: str

    @property
    def table(self) -> str:
        """The table that it stands in; empty for none."""
        return self.key.rpartition(".")[0]


@dataclass(frozen=True)
class Question:
    """One thing that could not be found out.

    Attributes:
        table: where the answer belongs.
        text: what it is.
        next: what to do.
    """

    table: str
    text: str
    next: str


Answer = Setting | Question
