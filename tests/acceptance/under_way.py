"""What came of trouble under way, as a table."""

from __future__ import annotations

import re
from collections.abc import Collection

from acceptance.tables import write_table
from fakes.folders import ROOT

# Seconds for which something is gone.
GONE = 10

ABOUT = """\
# What comes of trouble under way

What can happen beneath a release while it is walked, on a real cluster: each in the stage `canary`.
The walk goes on once it is over, or ends with a finding that names it. `make soak` writes this
table (`tests/acceptance/test_under_way*.py`), and `make test` has a case of each kind. Seconds are
those of the stage, or of a whole session where the machine itself is in trouble, on two slow cores.
"""

Seen = dict[str, tuple[str, float]]
"""By what happens, what came of it and after how many seconds."""

# The last tests of `make soak` that see something, of both modules.
LAST = ("test_who_may_see_nothing_any_more", "test_an_engine_that_is_gone")


def write(seen: Seen, tests: Collection[str]) -> None:
    """Write the table: into docs/, where all of these were to be seen.

    Args:
        seen: what was.
        tests: the names of those that the session has chosen.
    """
    rows = [(what, f"{seconds:.0f}", came) for what, (came, seconds) in seen.items()]
    soaks = all(any(test.startswith(last) for test in tests) for last in LAST)
    folder = ROOT / ("docs" if soaks else "test-results")
    head = ("what happens", "seconds", "what came of it")
    write_table(folder / "under-way.md", head, rows, ABOUT)


def also(text: str) -> list[str]:
    """What else a failure's text says has happened."""
    lines = re.findall("^ *also +(.*)$", text, re.MULTILINE)
    return [f"also {line}" for line in dict.fromkeys(lines)]
