"""Git, asked in a project's folder."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.core.processes import Processes


def git(root: Path, *words: str) -> str:
    """Run git in a folder and return its output."""
    return Processes().read(["git", "-C", root, *words], timeout=60)
