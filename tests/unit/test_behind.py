"""tests/behind.py: what runs in the time that everything else leaves, and still ends when told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.folders import ROOT
from fakes.signals import heed_signals

BEHIND = [sys.executable, str(ROOT / "tests" / "behind.py")]
AUTOGROUP = Path("/proc/self/autogroup")


def test_it_has_the_least_weight_that_there_is() -> None:
    command = ["sh", "-c", f"nice; cat {AUTOGROUP} 2>/dev/null; true"]
    ran = subprocess.run([*BEHIND, *command], capture_output=True, text=True, check=True)
    niceness, *group = ran.stdout.split()
    assert niceness == "19"
    if os.access(AUTOGROUP, os.W_OK):
        assert group[1:] == ["nice", "19"]
        assert group[0] not in AUTOGROUP.read_text(), "ours keeps its own"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tell a process where to run")
def test_it_leaves_a_processor_to_everything_else() -> None:
    """This may itself run behind something: those that it was not left are asked for again."""
    told = [sys.executable, "-c", "import os; print(*sorted(os.sched_getaffinity(0)))"]

    def processors(*command: str) -> list[str]:
        every = range(os.cpu_count() or 1)
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            preexec_fn=lambda: os.sched_setaffinity(0, every),
        )
        return ran.stdout.split()

    ours = processors(*told)
    assert processors(*BEHIND, *told) == (ours[1:] or ours)


def test_it_ends_as_the_command_ends() -> None:
    assert subprocess.run([*BEHIND, "sh", "-c", "exit 3"], check=False).returncode == 3
    killed = subprocess.run([*BEHIND, "sh", "-c", "kill -s KILL $$"], check=False)
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_whoever_interrupts_it_ends_all_of_it(told: signal.Signals) -> None:
    """The processes that the command has started too, which hold the pipe open."""
    text = "import time; print('begun', flush=True); time.sleep(60); print('over')"
    nested = [sys.executable, "-c", text]
    command = [*BEHIND, "sh", "-c", '"$@" & wait', "sh", *nested]
    if told in (signal.SIGINT, signal.SIGQUIT):
        # A shell lets what it starts in the background ignore these.
        command = [*BEHIND, *nested]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=heed_signals
    )
    with running:
        assert running.stdout
        assert running.stdout.readline() == b"begun\n"
        running.send_signal(told)
        assert running.stdout.read() == b""
    assert running.returncode == -told
