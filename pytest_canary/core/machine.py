"""What this machine is doing, for whoever could not keep up on it."""

from __future__ import annotations

import os
import time
from pathlib import Path

# Seconds between two looks at what each process has used of a core.
BETWEEN = 0.2

# Of a core in that time, below which a process keeps nobody back; and how many are named.
BUSY, NAMED = 0.1, 3

PROC = Path("/proc")


def busy_with(proc: Path = PROC) -> str:
    """What it is busy with: "a load average of 8.3 on 2 cores; busiest just now: node (...)".

    This process is not named, and others are called by their commands' names alone, as arguments
    may be secret; where the kernel shows none, the average stands by itself.

    Args:
        proc: where the kernel shows processes.
    """
    load, cores = os.getloadavg()[0], os.cpu_count()
    text = f"a load average of {load:.1f} on {cores} cores"
    before = _ticks(proc)
    time.sleep(BETWEEN)
    ticks = os.sysconf("SC_CLK_TCK") * BETWEEN
    took: dict[str, float] = {}
    for (pid, name), now in _ticks(proc).items():
        if pid != str(os.getpid()):
            took[name] = took.get(name, 0.0) + (now - before.get((pid, name), now)) / ticks
    busiest = sorted((each for each in took.items() if each[1] >= BUSY), key=lambda it: -it[1])
    if not busiest:
        return text
    told = [f"{name} ({part:.1f} cores)" for name, part in busiest[:NAMED]]
    return f"{text}; busiest just now: {', '.join(told)}"


def _ticks(proc: Path) -> dict[tuple[str, str], int]:
    """The ticks that each process has had so far, by its number and its command's name."""
    found = {}
    for folder in proc.glob("[0-9]*"):
        try:
            # "7 (a name) S ..."; the name may have blanks and brackets (proc(5)).
            head, _, tail = (folder / "stat").read_text(errors="replace").rpartition(")")
            fields = tail.split()
            found[folder.name, head.partition("(")[2]] = int(fields[11]) + int(fields[12])
        except (OSError, IndexError, ValueError):
            continue  # it has ended, or may not be looked at
    return found
