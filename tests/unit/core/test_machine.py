"""What this machine is busy with: real processes, and what the kernel shows of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from pytest_canary.core import machine
from pytest_canary.core.machine import busy_with

AVERAGE = rf"a load average of \d+\.\d on {os.cpu_count()} cores"

# Calls itself by a name that /proc shows with a bracket and a blank, and goes on; what it was given
# is nobody's business.
BURNS = """
from pathlib import Path
Path("/proc/self/comm").write_text("burns) it")
print("begun", flush=True)
while True:
    pass
"""


def test_a_process_that_takes_a_core_is_named_and_its_arguments_are_not() -> None:
    command = [sys.executable, "-c", BURNS, "s3cret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as burning:
        try:
            assert burning.stdout
            assert burning.stdout.readline() == "begun\n"
            # On a busy machine others may have more for a moment.
            told = next(text for _ in range(100) if "burns) it (" in (text := busy_with()))
        finally:
            burning.kill()
    assert re.match(rf"{AVERAGE}; busiest just now: (.+, )?burns\) it \(\d\.\d cores\)", told)
    assert "s3cret" not in told
    assert told.count(" cores)") <= machine.NAMED


def test_where_the_kernel_shows_no_processes_the_average_stands_by_itself(tmp_path: Path) -> None:
    assert re.fullmatch(AVERAGE, busy_with(tmp_path))
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("no figures")
    (tmp_path / "8").mkdir()
    assert re.fullmatch(AVERAGE, busy_with(tmp_path))
