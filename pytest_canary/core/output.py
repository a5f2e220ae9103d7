"""What a command prints, as much of it as memory should hold: the head and the tail."""

from __future__ import annotations

from collections import deque

from pytest_canary.core.wording import cut, size

# Bytes of text, about, that are kept of a command's output; a migration's own has far fewer.
LIMIT = 2**20

# Pieces of which head and tail consist at most, about, however small those are that come.
PIECES = 512

# Lines of an output that a person is shown: of its head, and of its tail, and how much of each.
HEAD, TAIL, WIDTH = 20, 40, 500


def excerpt(text: str) -> str:
    """An output as a person is to read it: its first and last lines, none of them too long."""
    lines = [cut(line, WIDTH) for line in text.splitlines()]
    left_out = len(lines) - HEAD - TAIL
    if left_out > 1:
        lines[HEAD:-TAIL] = [f"… {left_out:,} lines left out …"]
    return "\n".join(lines)


class Output:
    """Text as it comes, which may never end.

    Attributes:
        lines: how many line ends have come.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.lines = 0
        self._half = limit // 2
        self._head: deque[str] = deque()
        self._room = self._half
        self._tail: deque[str] = deque()
        self._kept = self._left_out = self._lines_left_out = 0

    def take(self, text: str) -> None:
        """Hear more of it."""
        self.lines += text.count("\n")
        self._enter(self._head, text[: self._room])
        rest, self._room = text[self._room :], max(self._room - len(text), 0)
        self._enter(self._tail, rest)
        self._kept += len(rest)
        while self._tail and self._kept - len(self._tail[0]) >= self._half:
            gone = self._tail.popleft()
            self._kept -= len(gone)
            self._left_out += len(gone)
            self._lines_left_out += gone.count("\n")

    def _enter(self, pieces: deque[str], text: str) -> None:
        """Add a piece; small ones are put together, as each takes memory of its own."""
        if pieces and len(pieces[-1]) + len(text) <= self._half // PIECES:
            text = pieces.pop() + text
        if text:
            pieces.append(text)

    @property
    def cut(self) -> bool:
        """Whether some of it was not kept."""
        return self._left_out > 0

    @property
    def text(self) -> str:
        """What is kept; where something is left out, a line says how much."""
        head, tail = "".join(self._head), "".join(self._tail)
        return f"{head}\n… {self._told} …\n{tail}" if self.cut else head + tail

    @property
    def _told(self) -> str:
        """How much is left out: lines, and bytes where there are many, or no line ends."""
        if not self._lines_left_out:
            return f"{size(self._left_out)} left out"
        lines = f"{self._lines_left_out:,} lines left out"
        return f"{lines}, {size(self._left_out)}" if self._left_out > LIMIT else lines

    @property
    def last(self) -> str:
        """The last line that is not blank, or the start of a long one; empty for none."""
        said = ("".join(self._tail) or "".join(self._head)).strip().splitlines()
        return cut(said[-1].strip(), 200) if said else ""
