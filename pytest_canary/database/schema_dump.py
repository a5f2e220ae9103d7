"""A schema as pg_dump writes it: the second proof, which sees whatever no query here asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.core.errors import DatabaseError
from pytest_canary.core.wording import last_line
from pytest_canary.database.schema import Part

# Backquotes are run by the pod's shell.
DUMP_SQL = r"""
\set dump `pg_dump --schema-only -U :'USER' -d :'DBNAME' 2>&1; echo "exit $?"`
select 'pg_dump', :'dump';
"""

# What stands above each object: "Name: person; Type: TABLE; Schema: public; Owner: app".
HEADER = re.compile(r"^--\n-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*\n--\n", re.MULTILINE)

# What says nothing of an object: comments, what is set for those that follow, keys made up for each
# dump, and where a sequence began, which may hang on the rows that were there.
LEFT_OUT = re.compile(r"--|SET default_|\\(un)?restrict |\s+START WITH \d+$")

CASTS = re.compile(
    r"::(?:character varying|bit varying|double precision"
    r"|time(?:stamp)?(?:\(\d\))? with(?:out)? time zone|\"[^\"]+\"|[\w.]+)"
    r"(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
)


def read_dump(dump: str) -> Iterator[Part]:
    """The lines of a dump: type of object, schema, name, line.

    Args:
        dump: what pg_dump said, and how it ended: "… exit 0".

    Raises:
        DatabaseError: it failed.
    """
    said, _, ended = dump.rpartition("exit ")
    if ended != "0":
        last = last_line(said) or "it says nothing"
        raise DatabaseError(
            f"pg_dump exits with code {ended or 'unknown'}, so the schema is unknown: {last}",
            said.strip(),
        )
    _, *entries = HEADER.split(said)
    for at in range(0, len(entries), 4):
        name, kind, space, text = entries[at : at + 4]
        for line in text.split("\n"):
            bare = line.strip().rstrip(",;").removesuffix("(").rstrip()
            if bare.strip("()") and not LEFT_OUT.match(line):
                yield kind, "" if space == "-" else space, name, bare, "", ""


def plain(line: str) -> str:
    """A line without parentheses and casts.

    PostgreSQL writes an expression with others of them after it has read its own way of writing it,
    and means the same.
    """
    return CASTS.sub("", line).replace("(", "").replace(")", "")
