"""What is in a database's tables and sequences, and what of it another one lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_canary.core.wording import plural

# How a row reads as text must not depend on what is set for one database only.
SETTINGS = """
set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres';
set extra_float_digits = 1; set bytea_output = 'hex'; set search_path = '';
"""

# Each table's rows and the sum of their hashes, in which their order plays no part. The row is
# `r.*`, as a bare name means the column where a column is called so.
ROWS_SQL = r"""
select format('select %L, %L, count(*), coalesce(sum(pg_catalog.hashtextextended((r.*)::text, 0)'
              '::numeric), 0) from only %I.%I r',
              'table', n.nspname || '.' || c.relname, n.nspname, c.relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
 order by 1 \gexec
"""

# The value that each sequence hands out next. One that cycles hands out values that are in use by
# its own design; what an extension brings is the extension's own matter.
SEQUENCES_SQL = r"""
select format('select %L, %L, last_value::numeric + case when is_called then %s else 0 end, %s'
              ' from %I.%I', 'sequence', n.nspname || '.' || c.relname, q.seqincrement,
              q.seqincrement, n.nspname, c.relname)
  from pg_catalog.pg_sequence q join pg_catalog.pg_class c on c.oid = q.seqrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not q.seqcycle and n.nspname !~ '^pg_'
   and not exists (select from pg_catalog.pg_depend d where d.classid = c.tableoid
                      and d.objid = c.oid and d.deptype = 'e')
 order by 1 \gexec
"""


@dataclass(frozen=True)
class Contents:
    """What is in a database.

    Attributes:
        tables: each table's rows, and a checksum of them.
        sequences: the value that each sequence hands out next, and its increment.
    """

    tables: Mapping[str, tuple[int, str]]
    sequences: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(count for count, _ in self.tables.values())


def read_contents(rows: list[tuple[str, ...]]) -> Contents:
    """What the answers to the two scripts say; others among them are left out."""
    return Contents(
        {row[1]: (int(row[2]), row[3]) for row in rows if row[0] == "table"},
        {row[1]: (int(row[2]), int(row[3])) for row in rows if row[0] == "sequence"},
    )


def lacking_contents(live: Contents, restored: Contents) -> list[str]:
    """What of the live tables and sequences is not in the restored ones, a line each.

    A sequence must hand out no value that the live one has handed out by then. One that is not
    there at all is the schema's matter.
    """
    found = []
    for table, (count, checksum) in sorted(live.tables.items()):
        if table not in restored.tables:
            found.append(f"{table} is missing")
        elif restored.tables[table][0] != count:
            found.append(f"{table} has {restored.tables[table][0]:,} of {plural(count, 'row')}")
        elif restored.tables[table][1] != checksum:
            found.append(f"{table} has {plural(count, 'row')}, but not the same")
    for sequence, (value, increment) in sorted(live.sequences.items()):
        again = restored.sequences.get(sequence, (value, increment))[0]
        if (again < value) if increment > 0 else (again > value):
            found.append(
                f"sequence {sequence} goes on with {again:,}, where the live one goes on with "
                f"{value:,}"
            )
    return found
