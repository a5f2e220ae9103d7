"""What comes through a command's pipes: kept within bounds, and told line by line."""

from __future__ import annotations

import os
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Sequence
from typing import IO

from pytest_canary.core.masking import Redactor
from pytest_canary.core.output import WIDTH, Output

# Bytes that are read at once; of a longer line, no more is looked at.
CHUNK = 2**16

# Bytes of standard output that a program may read: it can do nothing with a part.
WHOLE = 32_000_000

Taker = Callable[[bytes], None]
"""Takes what comes through a pipe, in pieces; an empty one for its end."""


def read(pipe: IO[bytes], takers: Sequence[Taker]) -> None:
    """Hand on what comes through a pipe, until its end."""
    while chunk := os.read(pipe.fileno(), CHUNK):
        for take in takers:
            take(chunk)
    for take in takers:
        take(b"")
    pipe.close()


class Transcript:
    """What a command prints, for a person: head and tail, secrets masked.

    Several threads may fill it.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._output = Output()
        self._lock = threading.Lock()

    def of_pipe(self) -> Taker:
        """Enters what one pipe says: no secret begins in one and ends in another."""
        decoder = getincrementaldecoder("utf-8")("replace")
        masked = self._redactor.stream(self._output.take)

        def take(chunk: bytes) -> None:
            with self._lock:
                masked.write(decoder.decode(chunk, final=not chunk))
                if not chunk:
                    masked.close()

        return take

    @property
    def text(self) -> str:
        """What is kept of it; a line says how much is not."""
        with self._lock:
            return self._output.text


class Whole:
    """What a command prints, for a program: all of it, or nothing.

    Attributes:
        content: what has come.
        size: how many bytes have come; more than were kept, where they are too many.
    """

    def __init__(self) -> None:
        self.content = bytearray()
        self.size = 0

    def take(self, chunk: bytes) -> None:
        """Keep it, while it is not too much."""
        self.size += len(chunk)
        if self.size <= WHOLE:
            self.content += chunk
        else:
            self.content.clear()

    @property
    def too_long(self) -> bool:
        """Whether it was too much."""
        return self.size > WHOLE


class Lines:
    """Tells each line of a pipe as it comes, without the blanks around it, secrets masked."""

    def __init__(self, redactor: Redactor, tell: Callable[[str], None]) -> None:
        self._redactor = redactor
        self._tell = tell
        self._rest = b""

    def take(self, chunk: bytes) -> None:
        """Tell the lines that end in it."""
        *ended, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[:CHUNK]
        if not chunk and rest:
            ended, self._rest = [rest], b""
        for line in ended:
            text = line[:CHUNK].decode(errors="replace").strip()
            self._tell(self._redactor.redact(text)[:WIDTH])
