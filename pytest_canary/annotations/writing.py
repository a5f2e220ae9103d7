"""Writes the files that destinations name, each at once and whole."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from pytest_canary.annotations.destinations import OPTION, Format
from pytest_canary.annotations.gitlab import code_quality
from pytest_canary.annotations.notice import Notice, anchor
from pytest_canary.annotations.sarif import sarif
from pytest_canary.core import files
from pytest_canary.core.errors import CanaryError
from pytest_canary.preflight.ruleset import RULES


def write(form: Format, path: Path, found: Sequence[Notice], home: str) -> None:
    """Write one file; what was there under its name goes.

    Args:
        form: whose.
        path: the file.
        found: what is told; nothing makes a file too, as its reader waits for one.
        home: the file that stands for what is in none: the manifest of what is rehearsed.

    Raises:
        CanaryError: it can't be written.
    """
    told = list(anchor(found, home))
    if form == "sarif":
        rules = {each.name: each.finds for each in RULES}
        text = sarif(told, rules, metadata.version("pytest-canary"))
    else:
        text = code_quality(told)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.put(path, text)
    except OSError as error:
        raise CanaryError(
            f"the findings can't be written to {path}: {error.strerror or error}; "
            f"name another file with {OPTION}"
        ) from error
