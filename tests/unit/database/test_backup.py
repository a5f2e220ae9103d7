"""What a backup's answers say, and whether it restores."""

from dataclasses import replace

import pytest

from pytest_canary.core.errors import DatabaseError, FoundError, ReleaseError
from pytest_canary.database.backup import (
    Backup,
    contents,
    differences,
    expect_restored,
    expect_success,
    not_restored,
    size,
)

# As a real PostgreSQL 15 answered.
DUMPED = [
    ("said", "exit 0", "12958"),
    ("table", "public.alembic_version", "1", "-3188630020843723364"),
    ("table", "public.person", "1001", "-163913663159622982537"),
    ("table", "public.z", "0", "0"),
]
LIVE = contents(DUMPED)
GOOD = Backup(12_958, 0.18, 0.26, LIVE, LIVE)


def test_a_script_tells_the_dumps_size_and_what_is_in_each_table() -> None:
    assert size(DUMPED) == 12_958
    assert LIVE["public.person"] == (1001, "-163913663159622982537")
    assert set(LIVE) == {"public.alembic_version", "public.person", "public.z"}


def test_a_good_backup_is_told_in_words() -> None:
    assert expect_restored(GOOD) == "a backup of 1,002 rows in 3 tables (13 kB) restores in 0.3 s"


@pytest.mark.parametrize("ended", ["exit 1", "exit 127", ""])
def test_a_program_that_fails_is_told_in_its_own_words(ended: str) -> None:
    said = f"pg_dump: error: query failed\npg_dump: detail: permission denied\n{ended}"
    with pytest.raises(FoundError) as failure:
        expect_success("BackupFails", "pg_dump", [("said", said, "0")], "look")
    (finding,) = failure.value.findings
    assert finding.code == "BackupFails"
    assert finding.sentence.startswith("pg_dump exits with code ")
    assert finding.sentence.endswith(": pg_dump: detail: permission denied") or not ended


def test_a_program_that_ends_with_0_passes() -> None:
    expect_success("BackupFails", "pg_dump", DUMPED, "look")


def test_a_program_that_is_not_there_has_failed() -> None:
    with pytest.raises(FoundError, match="code 127: sh: 1: pg_dump: not found"):
        expect_success(
            "BackupFails", "pg_dump", [("said", "sh: 1: pg_dump: not found\nexit 127")], "look"
        )


def test_rows_that_are_missing_or_other_ones_are_found() -> None:
    restored = {
        "public.alembic_version": (1, "12"),
        "public.person": (1000, "-163913663159622982537"),
    }
    assert differences(LIVE, restored) == [
        "public.alembic_version has 1 rows, but not the same",
        "public.person has 1,000 of 1,001 rows",
        "public.z is missing",
    ]
    assert differences(LIVE, LIVE) == []


def test_a_backup_that_lacks_something_does_not_restore() -> None:
    with pytest.raises(FoundError) as failure:
        expect_restored(replace(GOOD, absent=["type public.mood"], restored={}))
    assert failure.value.sentence == (
        "the backup does not restore what was backed up: type public.mood, and 3 more"
    )
    assert "public.person is missing" in failure.value.evidence


def test_a_backup_of_nothing_proves_nothing() -> None:
    with pytest.raises(FoundError, match="the live database has 1 tables and no row"):
        expect_restored(replace(GOOD, live={"public.z": (0, "0")}))


def test_where_there_is_no_backup_that_is_told() -> None:
    with pytest.raises(ReleaseError, match="no backup was made"):
        expect_restored(None)
    with pytest.raises(DatabaseError, match="no ready pod"):
        expect_restored(DatabaseError("the database has no ready pod"))


def test_a_restored_schema_may_write_its_expressions_otherwise() -> None:
    check = ("constraint", "public", "person", "person_name_check", "CHECK (name IN …)", "")
    column = ("column", "public", "person", "name", "character varying(20)", "default 'a'")
    again = (*check[:4], "CHECK ((name)::text = ANY …)", "")
    assert not_restored(frozenset({check, column}), frozenset({again, column})) == []


def test_a_restored_column_must_be_of_its_type() -> None:
    column = ("column", "public", "person", "name", "character varying(20)", "")
    assert not_restored(frozenset({column}), frozenset({(*column[:4], "text", "")})) == [
        "column public.person.name character varying(20)"
    ]
    assert (
        not_restored(frozenset({column}), frozenset({column, (*column[:3], "more", "", "")})) == []
    )
