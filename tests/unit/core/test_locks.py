"""Locks on files: real ones, held by this process and by others."""

import os
import subprocess
from pathlib import Path

from pytest_canary.core import locks


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
