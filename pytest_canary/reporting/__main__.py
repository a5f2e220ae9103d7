"""`python -m pytest_canary.reporting`: the schema, or the page of a report.json."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from pytest_canary.core.errors import CanaryError
from pytest_canary.reporting import write
from pytest_canary.reporting.document import schema_text
from pytest_canary.reporting.reading import read


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


if __name__ == "__main__":
    sys.exit(main())
