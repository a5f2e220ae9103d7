"""What the pods of a version hold in memory, reading by reading; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Reading(NamedTuple):
    """What a pod held at one moment, on average over a version's pods.

    Attributes:
        seconds: the moment, from any beginning.
        requests: how many a pod had got by then, from any beginning.
        held: bytes.
    """

    seconds: float
    requests: float
    held: float


@dataclass(frozen=True)
class Memory:
    """One version's memory, since its youngest pod became ready.

    Attributes:
        readings: in any order.
        limit: bytes at which a pod is ended: its container's limit, or else what its node has for
            pods; None where nobody knows, or wants to.
    """

    readings: Sequence[Reading]
    limit: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(part) and part >= 0 for each in self.readings for part in each):
            raise ValueError("readings of memory must be finite and not negative")
