"""What a backup's answers say, and whether it restores."""

from dataclasses import replace

import pytest

from pytest_canary.core.errors import DatabaseError, FoundError, ReleaseError
from pytest_canary.database.backup import (
    Backup,
    expect_restored,
    expect_success,
    not_restored,
    size,
)
from pytest_canary.database.contents import Contents, read_contents
from pytest_canary.database.schema import Part

# As a real PostgreSQL 15 answered.
DUMPED = [
    ("said", "exit 0", "12958"),
    ("table", "public.alembic_version", "1", "-3188630020843723364"),
    ("table", "public.person", "1001", "-163913663159622982537"),
    ("table", "public.z", "0", "0"),
]
LIVE = read_contents(DUMPED)
GOOD = Backup(12_958, 0.18, 0.26, LIVE, LIVE)


def test_a_script_tells_the_dumps_size() -> None:
    assert size(DUMPED) == 12_958


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


def test_a_backup_that_lacks_something_does_not_restore() -> None:
    with pytest.raises(FoundError) as failure:
        expect_restored(replace(GOOD, absent=["type public.mood"], restored=Contents({})))
    assert failure.value.sentence == (
        "the backup does not restore what was backed up: type public.mood, and 3 more"
    )
    assert "public.person is missing" in failure.value.evidence


def test_of_much_that_is_missing_twenty_lines_are_told() -> None:
    absent = [f"type public.mood_{number}" for number in range(30)]
    with pytest.raises(FoundError, match=r"type public\.mood_0, and 29 more") as failure:
        expect_restored(replace(GOOD, absent=absent))
    assert "public.mood_19" in failure.value.evidence
    assert "public.mood_20" not in failure.value.evidence
    assert "… and 10 more" in failure.value.evidence


def test_a_backup_of_nothing_proves_nothing() -> None:
    with pytest.raises(FoundError, match="the live database has 1 table and no row"):
        expect_restored(replace(GOOD, live=Contents({"public.z": (0, "0")})))


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


LINE: Part = (
    "TABLE",
    "public",
    "person",
    "CONSTRAINT person_name_check CHECK (((name)::text = ANY ((ARRAY['x'::character varying, "
    "'y'::character varying(20)])::text[])))",
    "",
    "",
)


def test_what_pg_dump_writes_may_come_back_with_other_parentheses_and_casts() -> None:
    """As a real PostgreSQL 15 dumped what it had restored."""
    again = (
        "CONSTRAINT person_name_check CHECK (((name)::text = ANY (ARRAY[('x'::character varying)"
        "::text, ('y'::character varying(20))::text])))"
    )
    assert not_restored(frozenset({LINE}), frozenset({(*LINE[:3], again, "", "")})) == []
    other = again.replace("'y'", "'z'")
    assert not_restored(frozenset({LINE}), frozenset({(*LINE[:3], other, "", "")})) == [
        f"table public.person: {LINE[3]}"
    ]


def test_what_only_pg_dump_knows_must_come_back() -> None:
    grant = ("ACL", "public", "TABLE person", "GRANT SELECT ON TABLE public.person TO x", "", "")
    assert not_restored(frozenset({grant}), frozenset()) == [grant[3]]
    assert not_restored(frozenset({grant}), frozenset({grant, LINE})) == []
