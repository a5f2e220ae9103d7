"""Commands on a terminal of their own, really run."""

import os
import re
import signal
from pathlib import Path

import pytest

from pytest_canary.core.errors import CommandError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes


def test_a_command_on_a_terminal_takes_it_for_a_persons(tmp_path: Path) -> None:
    own = Processes(Redactor(["hunter2"]))
    seen = b""
    script = "tty; read line; echo got $line; sleep 60"
    with own.on_terminal(["sh", "-c", script, "hunter2"], dict(os.environ), tmp_path) as (
        terminal,
        process,
    ):
        assert own.alive() == [f"sh -c '{script}' ********"]
        terminal.write("hello\n")
        while b"got hello\r\n" not in seen:
            seen += terminal.read(5)
        assert re.match(rb"/dev/\S+\d\r\n", seen.removeprefix(b"hello\r\n"))
        assert terminal.read(0) == b""
        own.kill_all()
        assert process.wait() == -signal.SIGKILL
    assert own.alive() == []


def test_a_command_on_a_terminal_ends_with_the_block_that_it_is_for(tmp_path: Path) -> None:
    with Processes().on_terminal(["sleep", "60"], dict(os.environ), tmp_path) as (_, process):
        assert process.poll() is None
    assert process.returncode == -signal.SIGKILL


def test_a_terminals_command_that_cant_be_started_is_told(tmp_path: Path) -> None:
    there = Processes().on_terminal(["true"], dict(os.environ), tmp_path / "none")
    with pytest.raises(CommandError, match="`true` can't be started: No such file"), there:
        pass
