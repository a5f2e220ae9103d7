"""What tests tell of what they saw: tables in files, and lines on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest


def write_lines(config: pytest.Config, lines: Iterable[str]) -> None:
    """Write lines to the session's terminal at once, though what tests print is captured."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None:
        return
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        reporter.ensure_newline()
        for line in lines:
            reporter.write_line(line)


def write_table(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]], about: str = ""
) -> None:
    """Write a table of Markdown, and print it; seconds are set as numbers.

    Args:
        path: the file; its folder is made where there is none.
        head: the columns' names.
        rows: a value for each of them.
        about: what stands above it.
    """
    dashes = ["---:" if name == "seconds" else "---" for name in head]
    lines = [
        f"| {' | '.join(str(each).replace('|', chr(92) + '|') for each in row)} |"
        for row in (head, dashes, *rows)
    ]
    print("\n".join(lines))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "\n".join([*about.splitlines(), *([""] if about else []), *lines, ""]), encoding="utf-8"
    )
