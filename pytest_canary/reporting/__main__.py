"""`python -m pytest_canary.reporting`: the schema, or the page of a report.json."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from pydantic import ValidationError

from pytest_canary.core.errors import CanaryError
from pytest_canary.reporting import write
from pytest_canary.reporting.document import Report, schema_text


def main(argv: list[str] | None = None) -> int:
    """Print the schema, or make the page anew; 0, or 1 with a sentence on standard error."""
    parser = ArgumentParser("python -m pytest_canary.reporting", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("schema", help="print the JSON schema of report.json")
    page = commands.add_parser("page", help="make report.html of a report.json")
    page.add_argument("report", type=Path, help="the report.json")
    page.add_argument("folder", type=Path, help="where report.html and report.json go")
    given = parser.parse_args(argv)
    if given.command == "schema":
        print(schema_text(), end="")
        return 0
    try:
        for path in write(read(given.report), given.folder):
            print(path)
    except CanaryError as error:
        print(f"canary: {error}", file=sys.stderr)
        return 1
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
