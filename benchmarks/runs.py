"""One run of a command, with when each of its lines came, how long it took and what it held."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

# Lines of what a run printed that are told where it fails.
TAIL = 30


class RunError(Exception):
    """A run came to no good end, so that its seconds mean nothing."""


@dataclass(frozen=True)
class Run:
    """One run of either.

    Attributes:
        began: when it was started.
        seconds: until its process had ended.
        printed: its lines, each with the seconds after which it came.
        peak: bytes that its process, or one that it has waited for, held at most.
    """

    began: datetime
    seconds: float
    printed: list[tuple[float, str]]
    peak: int = 0


def run(
    argv: Sequence[str | Path],
    folder: Path,
    env: Mapping[str, str],
    started: Callable[[subprocess.Popen[str]], object] = lambda _: None,
) -> Run:
    """Run to the end, with the time at which each line comes.

    Args:
        argv: the command.
        folder: where it runs.
        env: its environment.
        started: is given its process.

    Raises:
        RunError: it exits with another code than 0.
    """
    began, zero = datetime.now(UTC), time.monotonic()
    printed: list[tuple[float, str]] = []
    with subprocess.Popen(
        argv,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        started(process)
        assert process.stdout  # noqa: S101 (it is a pipe)
        try:
            printed += [(time.monotonic() - zero, line.rstrip()) for line in process.stdout]
        except BaseException:
            # It removes what it made, which the end of the block waits for.
            process.terminate()
            raise
        peak = _reap(process)
    seconds = time.monotonic() - zero
    if process.returncode:
        tail = "\n".join(line for _, line in printed[-TAIL:])
        raise RunError(f"{tail}\n{shlex.join(map(str, argv))} exits with code {process.returncode}")
    return Run(began, seconds, printed, peak)


def _reap(process: subprocess.Popen[str]) -> int:
    """Wait for its end; returns the bytes that it held at most."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * 1024  # Linux counts in KiB
