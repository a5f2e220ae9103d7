"""The requests to one target, as figures side by side."""

from __future__ import annotations

from array import array
from statistics import median
from typing import NamedTuple


class Columns(NamedTuple):
    """The requests to one target, as of one moment: a line each, in their order.

    Where who was asked is known without an answer, those are among them that were not sent as so
    many others awaited that target's answers: who lets everybody wait would look as if nobody had
    asked. Each is as the one that was sent last before it: it waits as long, and is answered or
    lost with it.

    Attributes:
        due: seconds from the traffic's start to when each had to be sent.
        seconds: from then until it was answered or lost; what it has waited so far where it is in
            flight.
        kind: a `Kind`: IN_FLIGHT, ANSWERED, or how it was lost, which is any above.
        write: 1 for a write, 0 for a read.
        sent: 1 where it was sent, 0 where it was not.
        size: bytes of its answer's body; 0 where none has come to its end.
        unsent: how many were due that the generator's own bounds kept back, with a line or without.
    """

    due: array[float]
    seconds: array[float]
    kind: array[int]
    write: array[int]
    sent: array[int]
    size: array[int]
    unsent: int = 0

    @classmethod
    def empty(cls) -> Columns:
        """No line yet."""
        return cls(array("d"), array("d"), array("B"), array("B"), array("B"), array("I"))

    @property
    def total(self) -> int:
        """How many were due."""
        return sum(self.sent) + self.unsent

    @property
    def kept_back(self) -> float:
        """The share of what was due that was not sent, of 1; 0 where nothing was due."""
        return self.unsent / self.total if self.total else 0.0

    @property
    def not_sent_in_time(self) -> int:
        """How many this machine did not get to, whatever the target did."""
        return self.unsent - self.sent.count(0)

    @property
    def median(self) -> float | None:
        """Of the seconds, of whatever kind; None where there are none."""
        return median(self.seconds) if self.seconds else None
