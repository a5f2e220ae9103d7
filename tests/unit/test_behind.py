"""tests/behind.sh: what runs in the time that everything else leaves, and still ends when told."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from fakes.folders import ROOT

BEHIND = str(ROOT / "tests" / "behind.sh")
AUTOGROUP = Path("/proc/self/autogroup")


def test_it_has_the_least_weight_that_there_is() -> None:
    command = ["sh", "-c", f"nice; cat {AUTOGROUP} 2>/dev/null; true"]
    told = subprocess.run([BEHIND, *command], capture_output=True, text=True, check=True).stdout
    niceness, *group = told.split()
    assert niceness == "19"
    if AUTOGROUP.exists():
        assert group[1:] == ["nice", "19"]
        assert group[0] not in AUTOGROUP.read_text(), "ours keeps its own"


def test_it_ends_as_the_command_ends() -> None:
    assert subprocess.run([BEHIND, "sh", "-c", "exit 3"], check=False).returncode == 3


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_interrupts_it_ends_all_of_it(told: signal.Signals) -> None:
    """The processes that the command has started too, which hold the pipe open."""
    command = [BEHIND, "sh", "-c", "sleep 600 & echo begun; wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stdout.readline() == "begun\n"
        running.send_signal(told)
        assert running.stdout.read() == ""
    assert running.returncode == 128 + signal.SIGTERM
