"""What a job's commands print: told as it comes, kept within bounds, secrets masked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_canary.core.masking import Redactor
from pytest_canary.core.pipes import Lines, Taker, Transcript

Heard = Callable[[str], None]
"""Told each line of a job."""


class CommandLog:
    """What one command prints.

    Args:
        redactor: takes the secrets out.
        heard: told each line as it comes, masked and cut.
        watching: told everything as it comes, unmasked.
    """

    def __init__(self, redactor: Redactor, heard: Heard, *watching: Taker) -> None:
        self._transcript = Transcript(redactor)
        self._redactor = redactor
        self._takers = (self._transcript.of_pipe(), Lines(redactor, heard).take, *watching)

    def take(self, shown: bytes) -> None:
        """Hear more of it; nothing for its end."""
        for take in self._takers:
            take(shown)

    @property
    def text(self) -> str:
        """What it printed, for a person; of much, head and tail."""
        return self._redactor.redact(self._transcript.text)


class JobLog:
    """The file with a job's commands and what each printed.

    Args:
        path: where it is to be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(mode=0o600)

    def add(self, command: str, output: str) -> None:
        """A command and its output, both masked."""
        ended = output if output.endswith("\n") or not output else f"{output}\n"
        with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"$ {command}\n{ended}")
