"""A program that can't be started for a moment, as somebody still writes it."""

from __future__ import annotations

import errno
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.starting import PAUSES, start_patiently

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux refuses it")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_text("#!/bin/sh\necho it runs\n")
    path.chmod(0o755)
    return path


def test_a_program_that_is_written_for_a_moment_more_is_started_then(program: Path) -> None:
    with program.open("a") as writing:
        closing = threading.Timer(0.1, writing.close)
        closing.start()
        assert Processes().run([program], timeout=30) == "it runs\n"
        closing.join()


def test_a_program_that_goes_on_being_written_is_told(program: Path) -> None:
    with program.open("a"), pytest.raises(CommandError) as failed:
        Processes().run([program], timeout=30)
    assert failed.value.sentence == f"`program` can't be started: Text file busy: {program}"


@pytest.mark.parametrize(
    ("errors", "tried"),
    [((errno.EFAULT,), 2), ((errno.ENOENT,), 1), ((errno.EFAULT,) * 9, len(PAUSES) + 1)],
)
def test_what_passes_is_tried_again_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, errors: tuple[int, ...], tried: int
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    left, starts = list(errors), []

    def start() -> str:
        starts.append(1)
        if left:
            raise OSError(left.pop(), "no")
        return "started"

    if tried > len(errors):
        assert start_patiently(start) == "started"
    else:
        with pytest.raises(OSError, match="no"):
            start_patiently(start)
    assert len(starts) == tried
