"""A backup before the migration, and the proof that it restores: pg_dump in the database's pod."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field

from pytest_canary.core.errors import CanaryError, FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import first_lines, last_line, plural
from pytest_canary.database.contents import (
    ROWS_SQL,
    SEQUENCES_SQL,
    SETTINGS,
    Contents,
    lacking_contents,
    read_contents,
)
from pytest_canary.database.database import Database
from pytest_canary.database.schema import Part, Schema, is_line, missing_parts
from pytest_canary.database.schema_dump import plain

# The dump and the counts see the same moment, whatever is written meanwhile. Sequences don't: they
# are looked at before, so that the dump has none that stands behind. Backquotes are run by the
# pod's shell.
DUMP = rf"""
begin isolation level repeatable read read only;
select pg_catalog.pg_export_snapshot() as id \gset
{SEQUENCES_SQL}
\set said `pg_dump -Fc -U :'USER' -d :'DBNAME' --snapshot=:'id' -f :'file' 2>&1; echo "exit $?"`
\set size `wc -c <:'file'`
select 'said', :'said', :'size';
{ROWS_SQL}
"""

RESTORE = rf"""
\set said `pg_restore -U :'USER' -d :'DBNAME' --exit-on-error :'file' 2>&1; echo "exit $?"`
select 'said', :'said';
{SEQUENCES_SQL}
{ROWS_SQL}
"""

REMOVE = r"""
\set removed `rm -f :'file'`
"""


@dataclass(frozen=True)
class Backup:
    """A dump of the live database, and what restoring it came to.

    Attributes:
        size: of the dump, in bytes.
        dumping, restoring: seconds that the two took.
        live, restored: what is in it: at the dump's own moment, and in the scratch database.
        absent: the parts of the schema that were not restored, in words.
    """

    size: int
    dumping: float
    restoring: float
    live: Contents
    restored: Contents
    absent: list[str] = field(default_factory=list)

    @property
    def lost(self) -> list[str]:
        """What it has not brought back, a line each."""
        return [*self.absent, *lacking_contents(self.live, self.restored)]

    @property
    def text(self) -> str:
        """In words: "a backup of 12 rows in 3 tables (14 kB) restores in 0.3 s"."""
        what = f"{plural(self.live.rows, 'row')} in {plural(len(self.live.tables), 'table')}"
        size = f"{max(1, round(self.size / 1000)):,} kB"
        return f"a backup of {what} ({size}) restores in {self.restoring:.1f} s"


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
        live=read_contents(dumped),
        restored=read_contents(restored),
        absent=not_restored(schema, came_back),
    )


def _run(
    database: Database, script: str, file: str, timeout: float, name: str | None = None
) -> list[tuple[str, ...]]:
    whole = f"\\set file '{file}'\n{SETTINGS}{script}"
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
        last = last_line(words) or "it says nothing"
        raise FoundError(
            [
                Finding(
                    code=code,
                    sentence=f"{program} exits with code {ended or 'unknown'}: {last}",
                    where="the database's pod",
                    evidence=words.strip(),
                    next=advice,
                )
            ]
        )


def size(rows: list[tuple[str, ...]]) -> int:
    """The dump's size in bytes."""
    return next(int(row[2]) for row in rows if row[0] == "said")


def not_restored(live: Schema, restored: Schema) -> list[str]:
    """The parts of the live schema that a restored one has not, in words.

    Of other parts than columns and pg_dump's lines only the name counts: PostgreSQL writes an
    expression differently after it has read its own way of writing it, and means the same.
    """
    back = {_identity(part) for part in restored}
    return missing_parts(live, frozenset(part for part in live if _identity(part) in back))


def _identity(part: Part) -> tuple[str, ...]:
    if is_line(part):
        return *part[:3], plain(part[3])
    return part[:5] if part[0] == "column" else part[:4]


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
    if not backup.live.rows:
        raise FoundError(
            [
                Finding(
                    code="BackupIsEmpty",
                    sentence="the backup proves nothing: the live database has "
                    f"{plural(len(backup.live.tables), 'table')} and no row",
                    where="the live database",
                    next="leave the checks that write in the run, and see that the app uses "
                    "DB_SCHEMA",
                )
            ]
        )
    lost = backup.lost
    if lost:
        raise FoundError(
            [
                Finding(
                    code="BackupDoesNotRestore",
                    sentence=f"the backup does not restore what was backed up: {lost[0]}"
                    + (f", and {len(lost) - 1} more" if lost[1:] else ""),
                    where="a scratch database beside the live one",
                    evidence=first_lines(lost),
                    next="restore it by hand, and compare",
                )
            ]
        )
    return backup.text
