"""The requests to one target, as figures side by side."""

from __future__ import annotations

from array import array
from statistics import median
from typing import NamedTuple


class Columns(NamedTuple):
    """The requests to one target that were sent, as of one moment: a line each, in their order.

    Attributes:
        due: seconds from the traffic's start to when each had to be sent.
        seconds: from then until it was answered or lost; what it has waited so far where it is in
            flight.
        kind: a `Kind`: IN_FLIGHT, ANSWERED, or how it was lost, which is any above.
        write: 1 for a write, 0 for a read.
        unsent: how many more were due that the generator's own bounds kept back.
    """

    due: array[float]
    seconds: array[float]
    kind: array[int]
    write: array[int]
    unsent: int = 0

    @classmethod
    def empty(cls) -> Columns:
        """No line yet."""
        return cls(array("d"), array("d"), array("B"), array("B"))

    @property
    def median(self) -> float | None:
        """Of the seconds, of whatever kind; None where there are none."""
        return median(self.seconds) if self.seconds else None
