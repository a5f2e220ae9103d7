"""Runs that are made side by side."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from runs import RunError
from side_by_side import run_all, served

# Each tells the other that it has begun, and ends once the other has.
MEETS = "touch $0; until [ -e $1 ]; do sleep 0.05; done"


def meeting(one: str, other: str, then: str = "true") -> list[str]:
    return ["sh", "-c", f"{MEETS}; {then}", one, other]


def test_all_run_at_the_same_time_and_the_longest_counts(tmp_path: Path) -> None:
    argvs = [meeting("a", "b"), meeting("b", "a", "sleep 0.3; echo last")]
    longest, seconds = run_all(argvs, tmp_path, os.environ)
    assert [line for _, line in longest.printed] == ["last"]
    assert seconds == longest.seconds


def test_one_that_fails_is_told(tmp_path: Path) -> None:
    argvs = [meeting("a", "b"), meeting("b", "a", "echo no more ports; exit 3")]
    with pytest.raises(RunError, match=r"(?s)no more ports\n.* exits with code 3"):
        run_all(argvs, tmp_path, os.environ)


def test_without_a_cluster_that_is_left_there_is_nothing_to_walk_in(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run has left a cluster"), served(tmp_path, "registry:2"):
        raise AssertionError("it walks")
