"""Reads a report.json again: to make its page anew, or to tell what has changed since."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from pytest_canary.core.errors import CanaryError
from pytest_canary.reporting.document import Report

# Bytes; a bounded document has a tenth of it.
LARGEST = 50_000_000


def read(path: Path) -> Report:
    """The document that a report.json holds.

    Raises:
        CanaryError: it can't be read, or is no report of this format.
    """
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CanaryError(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        details = error.errors(include_url=False)
        lines = [
            f"{'.'.join(map(str, each['loc'])) or 'all of it'}: {each['msg']}" for each in details
        ]
        raise CanaryError(
            f"{path} is no report of this version of pytest-canary; "
            "make the page with the version that wrote it",
            "\n".join(lines[:20]),
        ) from error


def last(folder: Path, now: Report) -> Report | None:
    """The report of the run before this one, where a folder of reports still has it.

    None where there is none, or one that tells nothing of this run: of another app, or written by
    another version of this package.

    Args:
        folder: where this run's report has not been put yet.
        now: this run's.
    """
    path = folder / "report.json"
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        before = read(path)
    except (CanaryError, OSError):
        return None
    return before if before.name == now.name and before.run != now.run else None
