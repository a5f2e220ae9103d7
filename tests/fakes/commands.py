"""Commands that tests run, and whether they live."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_canary.core.processes import Processes

PYTHON = sys.executable

Program = Callable[[str, str], None]
"""Makes a script that is found under a name."""


def sh(script: str, timeout: float = 20, *, by: Processes | None = None, **options: Any) -> str:
    return (by or Processes()).run(["sh", "-c", script], timeout=timeout, **options)


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it does within a minute, which the busiest of machines needs."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
