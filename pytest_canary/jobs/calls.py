"""What a job's commands have called: what its stand-ins and its shell have recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pytest_canary.core.wording import cut

Kind = Literal["stand-in", "allowed", "refused"]

# Bytes of records that are read at once, and calls of one command that are kept.
MOST, KEPT = 4_000_000, 1_000

# Letters that are kept of an argument.
LONGEST = 2_000


@dataclass(frozen=True)
class Call:
    """One call that was recorded.

    What is allowed as a whole is not recorded.

    Attributes:
        kind: "stand-in" where something stood in for it, "allowed" where the program itself has
            done it, "refused" where nothing has.
        program: what was called.
        arguments: with what; long ones are cut.
        why: why it was refused; of a command in a pod, "exit code 1".
        secrets: those that stand in its arguments: names of variables, or files.
    """

    kind: Kind
    program: str
    arguments: tuple[str, ...]
    why: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def code(self) -> int | None:
        """What a command in a pod has ended with; None where nobody has told."""
        lead, _, code = self.why.partition("exit code ")
        return int(code) if not lead and code.isdecimal() else None


class CallRecord:
    """The calls of one job, as they are recorded.

    Args:
        path: the file that has them, a JSON object a line; there may be none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new(self) -> list[Call]:
        """Those since the last time, in their order; what is no record is left out."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                text = file.read(MOST)
        except FileNotFoundError:
            return []
        # The job may write to it meanwhile: a line that has no end yet is left for the next time,
        # unless it is no record at all.
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(text) if len(text) == MOST else len(whole)
        calls = (_call(line) for line in whole.decode(errors="replace").splitlines())
        return [each for each in calls if each][:KEPT]


def _call(line: str) -> Call | None:
    try:
        found: Any = json.loads(line)
        kind, arguments = found["kind"], found["arguments"]
        if kind not in ("stand-in", "allowed", "refused"):
            return None
        words = tuple(cut(str(each), LONGEST) for each in arguments)
        return Call(kind, str(found["program"]), words, str(found.get("why", "")))
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
        return None
