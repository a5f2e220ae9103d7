"""tests/idle.sh: what runs on time that nothing else wants ends as anything does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.folders import ROOT

IDLE = ROOT / "tests" / "idle.sh"

# Says that it has begun, and how it was ended.
WAITS = """
import signal, sys, time
def end(number, frame):
    sys.exit(40 + number)
signal.signal(signal.SIGTERM, end)
print("begun", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(7)
finally:
    print("cleaned up", flush=True)
"""


def test_its_exit_code_is_the_commands(tmp_path: Path) -> None:
    ran = subprocess.run(
        [IDLE, "sh", "-c", 'pwd; echo "$1"; exit 3', "sh", "a b"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (3, f"{tmp_path}\na b\n")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 7), (signal.SIGTERM, 40 + signal.SIGTERM)]
)
def test_what_ends_it_comes_to_the_command(number: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        # Whoever runs these tests may have been told to ignore Ctrl-C.
        ["env", "--default-signal=INT", IDLE, sys.executable, "-c", WAITS],
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == "begun\n"
        running.send_signal(number)
        assert running.stdout.readline() == "cleaned up\n"
        assert running.wait(timeout=60) == code
