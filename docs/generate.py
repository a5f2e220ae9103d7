"""Write the parts of docs/ that the code and the fixtures say; with --check, tell what has drifted.

A part stands between two comments, `<!-- generated: NAME -->` and `<!-- end of NAME -->`; the rest
of a page is written by hand. The parts and who makes them are in `PARTS`.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path

from generator import assertions, exit_codes, faults, findings, options, rules, settings, stages
from generator.page import PartError, filled, named

DOCS = Path(__file__).parent
COMMAND = "make docs"

PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings.part,
    "options": options.part,
    "rules before the walk": rules.before_the_walk,
    "rules of the walk": rules.of_the_walk,
    "findings": findings.part,
    "errors": findings.errors_part,
    "faults": faults.part,
    "exit codes": exit_codes.part,
    "checks": stages.part,
    "assertions": assertions.part,
}


def drifted(folder: Path, parts: Mapping[str, Callable[[], str]]) -> dict[Path, str]:
    """The pages that aren't as they should be, and how they should.

    Args:
        folder: the pages'.
        parts: what is made, by its name.

    Raises:
        PartError: a page names a part that nothing makes, or a part is on no page or on several.
    """
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    places = [name for text in pages.values() for name in named(text)]
    for name in parts:
        if places.count(name) != 1:
            raise PartError(f"`{name}` is to be on one page, and is on {places.count(name)}")
    made = {path: filled(path.name, text, parts) for path, text in pages.items()}
    return {path: text for path, text in made.items() if text != pages[path]}


def main(argv: list[str] | None = None, folder: Path = DOCS) -> int:
    """Write the parts, or check them; 0, or 1 with a sentence for each page on standard error."""
    parser = ArgumentParser("docs/generate.py", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and tell what differs")
    given = parser.parse_args(argv)
    try:
        found = drifted(folder, PARTS)
    except PartError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    for path, text in found.items():
        if given.check:
            print(
                f"docs/{path.name} is not what the code and the fixtures say any more: run "
                f"`{COMMAND}`, and commit what it has written",
                file=sys.stderr,
            )
        else:
            path.write_text(text, encoding="utf-8")
            print(path)
    return 1 if given.check and found else 0


if __name__ == "__main__":
    sys.exit(main())
