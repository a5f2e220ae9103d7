"""The tables that tests write of what they saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def write_table(
    path: Path, about: str, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a table of Markdown, and print it; seconds are set as numbers.

    Args:
        path: the file; its folder is made where there is none.
        about: what stands above it.
        head: the columns' names.
        rows: a value for each of them.
    """
    dashes = ["---:" if name == "seconds" else "---" for name in head]
    lines = [
        f"| {' | '.join(str(each).replace('|', chr(92) + '|') for each in row)} |"
        for row in (head, dashes, *rows)
    ]
    print("\n".join(lines))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([about, *lines, ""]), encoding="utf-8")
