"""One version's requests in a window, as the statistics want them: columns, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import ndarray

    Column = ndarray[Any, Any]


@dataclass(frozen=True)
class Requests:
    """Requests that were due in a window, each a place in every column.

    Attributes:
        due: when it had to be sent, in seconds from any beginning; ascending.
        seconds: how long its answer took, counted from then; so far, where it is still awaited.
        failed: whether it was lost, or answered with an error.
        waiting: whether its answer is still awaited.
        write: whether it writes.
        unsent: whether it was not sent, as so many before it had no answer, and fares as they do.
        size: bytes of its answer's body; 0 where it has none, or nobody has measured it.
    """

    due: Column
    seconds: Column
    failed: Column
    waiting: Column
    write: Column
    unsent: Column
    size: Column

    @classmethod
    def of(
        cls,
        due: Sequence[float] | Column,
        seconds: Sequence[float] | Column,
        failed: Sequence[int] | Column = (),
        waiting: Sequence[int] | Column = (),
        write: Sequence[int] | Column = (),
        unsent: Sequence[int] | Column = (),
        size: Sequence[int] | Column = (),
    ) -> Requests:
        """Of what is a column already, or becomes one; what is left out is false of all.

        Raises:
            ValueError: the columns differ in length, a time is not finite or negative, or a
                request both failed and is awaited.
        """
        import numpy

        def flags(column: Sequence[int] | Column) -> Column:
            return numpy.asarray(column if len(column) else [False] * len(due), bool)

        times = numpy.asarray(due, float), numpy.asarray(seconds, float)
        sizes = numpy.asarray(size if len(size) else [0] * len(due), float)
        made = cls(*times, flags(failed), flags(waiting), flags(write), flags(unsent), sizes)
        columns = made.seconds, made.failed, made.waiting, made.write, made.unsent, made.size
        if any(len(column) != len(made.due) for column in columns):
            raise ValueError("the columns are not of one length")
        if not all(numpy.isfinite(column).all() and (column >= 0).all() for column in times):
            raise ValueError("times must be finite and not negative")
        if (made.failed & made.waiting).any():
            raise ValueError("what has failed is not awaited any more")
        return made

    def __len__(self) -> int:
        """How many there are."""
        return len(self.due)

    def where(self, chosen: Column) -> Requests:
        """Those that are chosen."""
        times, flags = (self.due, self.seconds), (self.failed, self.waiting, self.write)
        columns = *times, *flags, self.unsent, self.size
        return Requests(*(column[chosen] for column in columns))

    def since(self, moment: float) -> Requests:
        """Those that were due at a moment or later."""
        return self.where(self.due >= moment)

    @property
    def answered(self) -> Column:
        """Which of them have an answer that is no error."""
        return ~(self.failed | self.waiting)

    @property
    def errors(self) -> int:
        """How many failed."""
        return int(self.failed.sum())

    @property
    def told_unsent(self) -> str:
        """How many of those that failed were not sent, to go on with; nothing where all were."""
        count = int((self.failed & self.unsent).sum())
        if not count:
            return ""
        return f"; {count:,} of the failed ones were not sent, as too many awaited an answer"

    @property
    def latencies(self) -> Column:
        """Seconds that each answer took that is no error."""
        return self.seconds[self.answered]

    @property
    def share_of_writes(self) -> float:
        """As a fraction of 1; 0 where there is no request."""
        return float(self.write.mean()) if len(self) else 0.0
