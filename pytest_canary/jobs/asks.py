"""What stand-ins ask of who runs the jobs, and wait for: one file a question, one pipe an answer.

A job that is killed meanwhile waits for nothing any more, and its answer goes nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = "asks"
"""The folder of a run's programs in which its stand-ins ask; without it they don't."""


@dataclass(frozen=True)
class Ask:
    """One question.

    Attributes:
        kind: what is asked: "push", "names" and "owned" by docker, "kubectl" before an exec or a
            delete, "ended" after an exec.
        arguments: what for: an image's name, names of images, kubectl's own words.
        place: the pipe that takes the answer.
    """

    kind: str
    arguments: tuple[str, ...]
    place: Path

    def answer(self, code: int = 0, text: str = "") -> None:
        """Let who asks go on: with exit code 0, or end with another.

        Args:
            code: its exit code.
            text: what it prints, on one line.
        """
        try:
            pipe = os.open(self.place, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENOENT):  # who has asked is gone
                return
            raise
        # It may go between its pipe's being opened and its being written to.
        with contextlib.suppress(BrokenPipeError), os.fdopen(pipe, "w") as answer:
            answer.write(f"{code} {' '.join(text.split())}\n")


class Asks:
    """The questions of a run's jobs, in the order in which they came.

    Args:
        folder: that of the run's programs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir(mode=0o700)

    def new(self) -> Sequence[Ask]:
        """Those that were asked since, each once."""
        # Each is given its name when it is whole, and its pipe is there by then.
        found = sorted(self._folder.glob("*.json"), key=lambda each: each.stat().st_mtime_ns)
        asks = [self._read(each) for each in found]
        for each in found:
            each.unlink()
        return asks

    def _read(self, file: Path) -> Ask:
        asked = json.loads(file.read_text(errors="replace"))
        return Ask(asked["program"], tuple(asked["arguments"]), file.with_suffix(".answer"))
