"""Who writes the report: what draws its pages is started once, beforehand, and never left."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fakes.commands import eventually
from fakes.reports import sample

from pytest_canary.plugin.parts import PageWriter

Started = list[subprocess.Popen[bytes]]


def test_what_was_started_beforehand_draws_the_page(started: Started, tmp_path: Path) -> None:
    writer = PageWriter()
    writer.prepare()
    page, _ = writer.write(sample("first-release"), tmp_path)
    assert "<svg" in page.read_text()
    assert [each.returncode for each in started] == [0]


def test_what_writes_again_draws_again(started: Started, tmp_path: Path) -> None:
    writer = PageWriter()
    writer.prepare()
    for folder in (tmp_path / "first", tmp_path / "second"):
        assert "<svg" in writer.write(sample("first-release"), folder)[0].read_text()
    assert len(started) == 2


def test_what_is_not_needed_is_ended(started: Started) -> None:
    writer = PageWriter()
    writer.prepare()
    assert eventually(lambda: bool(started))
    writer.close()
    assert eventually(lambda: started[0].poll() is not None)
