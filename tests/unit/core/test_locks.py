"""Locks on files: real ones, held by this process and by others."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_canary.core import locks
from pytest_canary.core.waiting import Seen, Waiter


def test_a_lock_has_one_owner_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not locks.is_held(path)
    assert not path.exists(), "to look makes nothing"
    mine = locks.own(path)
    assert mine
    assert locks.own(path) is None
    assert locks.is_held(path)
    mine.close()
    assert not locks.is_held(path)


def test_a_lock_that_was_removed_meanwhile_is_taken_anew(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = locks.own(path)
    assert first
    path.unlink()
    second = locks.own(path)
    assert second, "the file of that name is another one now"
    assert locks.own(path) is None
    first.close()
    second.close()


def test_a_child_that_is_given_a_shared_lock_holds_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locks.share(path) as shared, locks.share(path):
        child = subprocess.Popen(
            ["sh", "-c", "read line"], stdin=subprocess.PIPE, pass_fds=[shared.fileno()]
        )
        other = subprocess.Popen(["sh", "-c", "read line"], stdin=subprocess.PIPE)
    assert locks.is_held(path)
    child.communicate(os.linesep.encode())
    assert not locks.is_held(path), "another child never had it"
    other.communicate(os.linesep.encode())


def test_who_has_lost_the_command_that_started_it_is_ended_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not locks.end_stragglers(path)
    (tmp_path / "here").symlink_to(tmp_path)
    path = tmp_path / "here" / "lock"
    with locks.share(path) as shared:
        subprocess.run(
            ["sh", "-c", "sleep 60 &"],
            start_new_session=True,
            pass_fds=[shared.fileno()],
            check=True,
        )
        command = subprocess.Popen(
            ["sh", "-c", "sleep 60 & wait"], start_new_session=True, pass_fds=[shared.fileno()]
        )
    assert locks.end_stragglers(path)
    assert command.poll() is None
    assert locks.is_held(path)
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    Waiter().until("both to end", lambda: Seen("", not locks.is_held(path), None), timeout=10)
    assert not locks.end_stragglers(path)


def test_whoever_holds_a_lock_is_ended_in_whatever_group(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locks.share(path) as shared:
        command = subprocess.Popen(
            ["bash", "-mc", "sleep 60 & setsid sleep 60 & wait"],
            start_new_session=True,
            pass_fds=[shared.fileno()],
        )
    assert locks.is_held(path)
    assert locks.end_holders(path)
    assert not locks.is_held(path)
    assert command.wait() == -signal.SIGKILL
    assert locks.end_holders(path), "nobody is left"


ENDS_AS_IT_IS_LOOKED_AT = """
import subprocess, sys
from pathlib import Path
from pytest_canary.core import locks

path = Path(sys.argv[1])
process = subprocess.Popen(["sleep", "60"])
looked_at = []

def end(event, arguments):
    if event in ("os.scandir", "os.listdir") and str(arguments[0]) == f"/proc/{process.pid}/fd":
        looked_at.append(event)
        process.kill()
        process.wait()

sys.addaudithook(end)
with locks.share(path):
    assert not locks.end_stragglers(path)
assert looked_at
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_process_that_ends_as_it_is_looked_at_holds_nothing(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", ENDS_AS_IT_IS_LOOKED_AT, str(tmp_path / "lock")]
    subprocess.run(argv, check=True)
