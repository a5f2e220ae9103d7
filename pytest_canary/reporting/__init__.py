"""What a run leaves to be read; made of the journal alone.

report.html, report.json, a summary, JUnit's properties: a pure function each, from one document;
`write` puts the two files where they belong.
"""

from __future__ import annotations

from pathlib import Path

from pytest_canary.core.errors import CanaryError
from pytest_canary.core.files import put
from pytest_canary.reporting.bounds import with_bounds
from pytest_canary.reporting.document import Report
from pytest_canary.reporting.junit import junit_properties
from pytest_canary.reporting.markdown import append_ci_summary, summary_markdown
from pytest_canary.reporting.page import html
from pytest_canary.reporting.pictures.drawing import Drawer
from pytest_canary.reporting.reading import last

__all__ = [
    "Drawer",
    "Report",
    "append_ci_summary",
    "junit_properties",
    "last",
    "summary_markdown",
    "write",
]


def write(report: Report, folder: Path, drawer: Drawer | None = None) -> list[Path]:
    """Write report.html and report.json, each at once and whole.

    Args:
        report: what is told.
        folder: where they go.
        drawer: draws the pictures; None for one that is started now.

    Returns:
        Their paths, the page's first.

    Raises:
        CanaryError: the folder can't be written to.
    """
    kept = with_bounds(report)
    draw = (drawer or Drawer()).draw
    files = {"report.json": kept.text, "report.html": html(kept, draw)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            put(folder / name, text)
    except OSError as error:
        raise CanaryError(
            f"the report can't be written to {folder}: {error.strerror or error}; "
            "name another folder with --canary-report"
        ) from error
    return [folder / "report.html", folder / "report.json"]
