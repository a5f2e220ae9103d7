"""Who waited for whom in the database while a migration ran, and whether that was too long."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from pytest_canary.database.lock_samples import APPLICATION, Backend, Line, parse_line

# The modes of a table's lock, the strongest first, and what takes the first four: PostgreSQL's
# manual, "Explicit Locking".
MODES = (
    "AccessExclusiveLock",
    "ExclusiveLock",
    "ShareRowExclusiveLock",
    "ShareLock",
    "ShareUpdateExclusiveLock",
    "RowExclusiveLock",
    "RowShareLock",
    "AccessShareLock",
)
TAKES = r"(alter|create|drop|truncate|lock|reindex|cluster|vacuum|refresh|comment)\b"
ROW_TAKES = r"(insert|update|delete|merge|with|copy)\b|select .*\bfor\b"

# What a command that hangs leaves behind: PostgreSQL looks for its client only when a statement is
# over.
OUTLIVES_ITS_CLIENT = "a statement that it waits for even longer, with its locks"

# How samples call what is locked where it is not the whole table.
ROWS = "rows of "


@dataclass
class BlockedTransaction:
    """A transaction that waited: from the first to the last sample that saw it, in seconds."""

    line: Line
    first: float
    last: float

    @property
    def seconds(self) -> float:
        """For how long it waited."""
        return self.last - self.first


@dataclass
class Block:
    """A transaction of the migration that others waited for.

    Attributes:
        holder: its session, as the first that waited found it.
        first, last: when somebody waited first and last, in seconds since 1970.
        waiters: who did, by transaction.
        ran: how many waits were seen while each of its statements ran.
        behind: whom it waited for itself, and for which mode.
    """

    holder: Backend
    first: float
    last: float
    waiters: dict[tuple[int, float], BlockedTransaction] = field(default_factory=dict)
    ran: Counter[str] = field(default_factory=Counter)
    behind: Line | None = None

    @property
    def seconds(self) -> float:
        """From the first wait to the last: its locks stay for as long as the transaction does."""
        return self.last - self.first

    @property
    def longest(self) -> BlockedTransaction:
        """Who waited longest."""
        return max(self.waiters.values(), key=lambda each: each.seconds)


class Locks:
    """What the samples tell, put together as they come.

    Args:
        others: addresses of pods that don't run the migration. A session that began under the
            samples' eyes, in a pod that is none of these, counts as the migration's. The app of
            that pod may begin some too: who waits for the migration and calls itself otherwise is
            kept waiting like any other.

    Attributes:
        samples: how many came.
        hole: the longest time between two of them, in seconds.
        failure: why nobody samples; empty where somebody does.
        blocks: the transactions of the migration that others waited for.
        waits: for whom the migration's own sessions waited last, by process id.
    """

    def __init__(self, others: Collection[str] = ()) -> None:
        self.samples = 0
        self.hole = 0.0
        self.failure = ""
        self.blocks: dict[tuple[int, float], Block] = {}
        self.waits: dict[int, Line] = {}
        self.took: dict[tuple[int, float, str, str], str] = {}
        self._others = set(others)
        self._first: float | None = None
        self._last = 0.0
        self._lines: list[Line] = []

    def take(self, line: Line) -> None:
        """Hear one more line."""
        if line.kind != "sample":
            self._lines.append(line)
            return
        self.settle()
        if self._first is None:
            self._first = line.at
        else:
            self.hole = max(self.hole, line.at - self._last)
        self._last = line.at
        self.samples += 1

    def settle(self) -> None:
        """Judge the last sample, which has come as a whole."""
        lines, self._lines = self._lines, []
        self.waits = {}
        for line in lines:
            if line.kind == "hold" and line.holder and self._migrates(line.holder):
                key = (*line.holder.key, line.relation, line.held)
                self.took.setdefault(key, line.holder.statement)
            if line.kind == "wait" and line.waiting and self._migrates(line.waiting):
                self.waits[line.waiting.pid] = line
        for line in lines:
            if line.kind == "wait" and line.waiting:
                cause = self._cause(line, lines)
                if cause and self._counts(line.waiting, cause):
                    self._note_block(line, cause)

    def _migrates(self, backend: Backend) -> bool:
        began = self._first is not None and backend.began >= self._first
        from_outside = backend.address != "" and backend.address not in self._others
        return began and from_outside and not backend.application.startswith(APPLICATION)

    def _counts(self, waiting: Backend, cause: Backend) -> bool:
        own = self._migrates(waiting) and waiting.application == cause.application
        return not own and not waiting.application.startswith(APPLICATION)

    def _cause(self, line: Line, lines: Sequence[Line]) -> Backend | None:
        """The migration's session at the end of a row of waits, or None where none is there."""
        seen: set[int] = set()
        ahead = [line.holder]
        while ahead:
            holder = ahead.pop(0)
            if holder is None or holder.pid in seen:
                continue
            if self._migrates(holder):
                return holder
            seen.add(holder.pid)
            ahead += [
                each.holder
                for each in lines
                if each.kind == "wait" and each.waiting and each.waiting.pid == holder.pid
            ]
        return None

    def _note_block(self, line: Line, cause: Backend) -> None:
        assert line.waiting  # noqa: S101 (it is a wait)
        block = self.blocks.setdefault(cause.key, Block(cause, line.at, line.at))
        block.last = line.at
        block.ran[cause.statement] += 1
        block.behind = self.waits.get(cause.pid, block.behind)
        waiter = block.waiters.setdefault(
            line.waiting.key, BlockedTransaction(line, line.at, line.at)
        )
        waiter.last = line.at

    @property
    def longest(self) -> float:
        """The longest time for which the migration kept somebody waiting, in seconds."""
        return max((block.seconds for block in self.blocks.values()), default=0.0)

    def culprit(self, block: Block) -> tuple[str, bool]:
        """The statement of a block, and whether it is the one that took the lock.

        Where that was over before a sample saw it, it is the one that others waited for most.
        """
        line, holder = block.longest.line, block.holder
        took = self.took.get((*holder.key, line.relation, strongest(line.held)))
        found = took or holder.statement
        taker = ROW_TAKES if line.relation.startswith(ROWS) else TAKES
        weak = strongest(line.held) in MODES[4:]
        if weak or re.match(taker, found.strip(), re.IGNORECASE):
            return found, True
        return max(block.ran, key=lambda each: block.ran[each], default=holder.statement), False


def strongest(modes: str) -> str:
    """The strongest of a list of lock modes; the first where there is none of a table's."""
    held = modes.split(", ")
    return next((mode for mode in MODES if mode in held), held[0])


def read(lines: Iterable[str], others: Collection[str] = ()) -> Locks:
    """What a whole record of samples tells."""
    locks = Locks(others)
    for each in lines:
        line = parse_line(each)
        if line:
            locks.take(line)
    locks.settle()
    return locks
