"""A backup before the migration, and the proof that it restores: pg_dump in the database's pod."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_canary.core.errors import CanaryError, FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.database.database import Database
from pytest_canary.database.schema import Schema, describe

# How a row reads as text must not depend on what is set for one database only.
SETTINGS = """
set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres';
set extra_float_digits = 1; set bytea_output = 'hex'; set search_path = '';
"""

# Each table's rows and the sum of their hashes, in which their order plays no part.
CONTENTS = r"""
select format('select %L, %L, count(*), coalesce(sum(pg_catalog.hashtextextended(t::text, 0)'
              '::numeric), 0) from only %I.%I t',
              'table', n.nspname || '.' || c.relname, n.nspname, c.relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
 order by 1 \gexec
"""

# The dump and the counts see the same moment, whatever is written meanwhile. Backquotes are run by
# the pod's shell.
DUMP = r"""
begin isolation level repeatable read read only;
select pg_catalog.pg_export_snapshot() as id \gset
\set said `pg_dump -Fc -U :'USER' -d :'DBNAME' --snapshot=:'id' -f :'file' 2>&1; echo "exit $?"`
\set size `wc -c <:'file'`
select 'said', :'said', :'size';
"""

RESTORE = r"""
\set said `pg_restore -U :'USER' -d :'DBNAME' --exit-on-error :'file' 2>&1; echo "exit $?"`
select 'said', :'said';
"""

REMOVE = r"""
\set removed `rm -f :'file'`
"""

Contents = Mapping[str, tuple[int, str]]
"""Each table's rows, and a checksum of them."""


@dataclass(frozen=True)
class Backup:
    """A dump of the live database, and what restoring it came to.

    Attributes:
        size: of the dump, in bytes.
        dumping, restoring: seconds that the two took.
        live, restored: what is in each table: at the dump's own moment, and in the scratch
            database.
        absent: the parts of the schema that were not restored, in words.
    """

    size: int
    dumping: float
    restoring: float
    live: Contents
    restored: Contents
    absent: list[str] = field(default_factory=list)

    @property
    def tables(self) -> int:
        """How many tables there are."""
        return len(self.live)

    @property
    def rows(self) -> int:
        """How many rows there are in all of them."""
        return sum(count for count, _ in self.live.values())

    @property
    def text(self) -> str:
        """In words: "a backup of 12 rows in 3 tables (14 kB) restores in 0.3 s"."""
        tables = f"{self.tables:,} table{'' if self.tables == 1 else 's'}"
        size = f"{max(1, round(self.size / 1000)):,} kB"
        backup = f"a backup of {self.rows:,} rows in {tables} ({size})"
        return f"{backup} restores in {self.restoring:.1f} s"


def back_up(
    database: Database,
    schema: Schema,
    timeout: float,
    *,
    dump: str = DUMP,
    restore: str = RESTORE,
) -> Backup:
    """Dump the live database, and restore the dump into a scratch database, which is then dropped.

    Args:
        database: the run's.
        schema: the live one.
        timeout: seconds for the dump, and again for the restore.
        dump: what psql runs to dump.
        restore: what psql runs to restore.

    Raises:
        FoundError: pg_dump or pg_restore fails.
        DatabaseError: the database refuses to be read, or the scratch database.
    """
    file = f"/tmp/canary_backup_{secrets.token_hex(4)}.dump"  # noqa: S108 (nobody guesses it)
    clock = database.waiter.clock
    try:
        began = clock.monotonic()
        dumped = _run(database, dump, file, timeout)
        dumping = clock.monotonic() - began
        advice = "see whether the role may read every table"
        expect_success("BackupFails", "pg_dump", dumped, advice)
        with database.scratch("scratch", template="template0") as scratch:
            began = clock.monotonic()
            restored = _run(database, restore, file, timeout, scratch)
            restoring = clock.monotonic() - began
            advice = "restore it by hand, and see why"
            expect_success("BackupDoesNotRestore", "pg_restore", restored, advice)
            came_back = database.schema(scratch)
    except BaseException:
        # What went wrong first is what is told.
        with contextlib.suppress(CanaryError):
            _remove(database, file)
        raise
    _remove(database, file)
    return Backup(
        size=size(dumped),
        dumping=dumping,
        restoring=restoring,
        live=contents(dumped),
        restored=contents(restored),
        absent=not_restored(schema, came_back),
    )


def _run(
    database: Database, script: str, file: str, timeout: float, name: str | None = None
) -> list[tuple[str, ...]]:
    whole = f"\\set file '{file}'\n{SETTINGS}{script}{CONTENTS}"
    return database.script(whole, timeout=timeout, database=name)


def _remove(database: Database, file: str) -> None:
    database.script(f"\\set file '{file}'\n{REMOVE}", timeout=60)


# What its answers say.


def expect_success(code: str, program: str, rows: list[tuple[str, ...]], advice: str) -> None:
    """Expect that a program that a script ran has ended with 0.

    Raises:
        FoundError: it has not; with what it said.
    """
    said = next((row[1] for row in rows if row[0] == "said"), "")
    words, _, ended = said.rpartition("exit ")
    if ended != "0":
        last = words.strip().splitlines()[-1:] or ["it says nothing"]
        raise FoundError(
            [
                Finding(
                    code=code,
                    sentence=f"{program} exits with code {ended or 'unknown'}: {last[0]}",
                    where="the database's pod",
                    evidence=words.strip(),
                    next=advice,
                )
            ]
        )


def size(rows: list[tuple[str, ...]]) -> int:
    """The dump's size in bytes."""
    return next(int(row[2]) for row in rows if row[0] == "said")


def contents(rows: list[tuple[str, ...]]) -> Contents:
    """What the counts of a script say of each table."""
    return {row[1]: (int(row[2]), row[3]) for row in rows if row[0] == "table"}


def not_restored(live: Schema, restored: Schema) -> list[str]:
    """The parts of the live schema that a restored one has not, in words.

    Of other parts than columns only the name counts: PostgreSQL writes an expression differently
    after it has read its own way of writing it, and means the same.
    """

    def known(schema: Schema) -> dict[tuple[str, ...], tuple[str, ...]]:
        return {part[:5] if part[0] == "column" else part[:4]: part for part in schema}

    back = known(restored)
    return describe(part for key, part in known(live).items() if key not in back)


def differences(live: Contents, restored: Contents) -> list[str]:
    """What of the live tables is not in the restored ones, a line a table."""
    found = []
    for table, (count, checksum) in sorted(live.items()):
        if table not in restored:
            found.append(f"{table} is missing")
        elif restored[table][0] != count:
            found.append(f"{table} has {restored[table][0]:,} of {count:,} rows")
        elif restored[table][1] != checksum:
            found.append(f"{table} has {count:,} rows, but not the same")
    return found


def expect_restored(backup: Backup | CanaryError | None) -> str:
    """Expect that everything that was in the live database is in the restored one.

    Args:
        backup: what came of it, or why nothing did.

    Returns:
        The backup in words.

    Raises:
        FoundError: something is missing, or there was nothing to back up.
        CanaryError: there is no backup.
    """
    if isinstance(backup, CanaryError):
        raise backup
    if backup is None:
        raise ReleaseError("no backup was made before the migration")
    if not backup.rows:
        raise FoundError(
            [
                Finding(
                    code="BackupIsEmpty",
                    sentence="the backup proves nothing: the live database has "
                    f"{backup.tables} tables and no row",
                    where="the live database",
                    next="leave the checks that write in the run, and see that the app uses "
                    "DB_SCHEMA",
                )
            ]
        )
    lost = [*backup.absent, *differences(backup.live, backup.restored)]
    if lost:
        raise FoundError(
            [
                Finding(
                    code="BackupDoesNotRestore",
                    sentence=f"the backup does not restore what was backed up: {lost[0]}"
                    + (f", and {len(lost) - 1} more" if lost[1:] else ""),
                    where="a scratch database beside the live one",
                    evidence="\n".join(lost),
                    next="restore it by hand, and compare",
                )
            ]
        )
    return backup.text
