"""The journal of what was written to the app: by the checks and by the traffic."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One write.

    Attributes:
        unique: the text by which it is found again; no other row has it.
        shown: what was written, and how and when it was acknowledged, as far as that is known.
    """

    unique: str
    shown: str


class Writes:
    """Every write whose end is known; rows are entered and never taken out.

    One thread may read while others enter.

    Args:
        acknowledged: what it begins with.
    """

    def __init__(self, acknowledged: Iterable[Row] = ()) -> None:
        self._acknowledged = list(acknowledged)
        self._unacknowledged: list[Row] = []

    def acknowledge(self, row: Row) -> None:
        """Enter a write that was answered as promised: it must be there, once."""
        self._acknowledged.append(row)

    def doubt(self, row: Row) -> None:
        """Enter a write that may have been done and may not: no answer said so."""
        self._unacknowledged.append(row)

    @property
    def acknowledged(self) -> tuple[Row, ...]:
        """The acknowledged writes so far, in their order."""
        return tuple(self._acknowledged)

    @property
    def unacknowledged(self) -> tuple[Row, ...]:
        """The writes so far that may have been done and may not, in their order."""
        return tuple(self._unacknowledged)


def new_unique() -> str:
    """A text that no other row has: letters and digits only, so that no API minds it."""
    return f"canary{secrets.token_hex(6)}"
