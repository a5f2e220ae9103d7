"""What is in a schema, and what changed in it, in words."""

from typing import Any

from pytest_canary.database.schema import (
    Part,
    counted,
    described,
    difference,
    lacking,
    ledger_change,
    ledger_sql,
    not_undone,
)
from pytest_canary.release.migration import Migrated, left_behind

ID: Part = ("column", "public", "person", "id", "bigint", "not null identity")
NAME: Part = ("column", "public", "person", "name", "character varying(20)", "")
PKEY: Part = ("index", "public", "person", "person_pkey", "CREATE UNIQUE INDEX person_pkey …", "")
EMAIL: Part = ("column", "public", "person", "email", "text", "")
MOOD: Part = ("type", "public", "", "mood", "enum 'sad', 'ok'", "")
NOTE = frozenset(
    {
        ("table", "public", "note", "", "", ""),
        ("column", "public", "note", "id", "integer", "not null"),
        ("index", "public", "note", "note_pkey", "CREATE UNIQUE INDEX note_pkey …", ""),
    }
)
OLD = frozenset({ID, NAME, PKEY})
NEW = frozenset({ID, EMAIL, PKEY})


def changed(part: Part, to: str) -> Part:
    return (*part[:4], to, part[5])


def test_a_schema_is_described_in_words_and_in_order() -> None:
    assert described({*OLD, MOOD, ("column", "other", "person", "id", "integer", "")}) == [
        "column other.person.id integer",
        "column public.person.id bigint not null identity",
        "column public.person.name character varying(20)",
        "index public.person.person_pkey CREATE UNIQUE INDEX person_pkey …",
        "type public.mood enum 'sad', 'ok'",
    ]


def test_what_a_migration_left_out_is_named() -> None:
    assert lacking(NEW, OLD) == ["column public.person.email text"]
    assert lacking(NEW, NEW) == []
    assert lacking(OLD, OLD | NEW) == [], "more than was expected is no lack"


def test_a_schemas_change_reads_like_a_diff() -> None:
    assert difference(OLD, NEW | NOTE | {MOOD}) == [
        "+ type public.mood enum 'sad', 'ok'",
        "+ table public.note",
        "+ column public.note.id integer not null",
        "+ column public.person.email text",
        "- column public.person.name character varying(20)",
        "+ index public.note.note_pkey CREATE UNIQUE INDEX note_pkey …",
    ]
    assert difference(OLD, OLD) == []


def test_an_old_line_stands_before_its_new_one() -> None:
    assert difference(OLD, OLD - {NAME} | {changed(NAME, "text")}) == [
        "- column public.person.name character varying(20)",
        "+ column public.person.name text",
    ]


def test_a_schemas_change_in_numbers() -> None:
    assert counted(OLD, OLD | {EMAIL}) == "+1 column"
    assert counted(OLD, NEW | NOTE) == "+1 table, +2 columns, +1 index, -1 column"
    assert counted(OLD, OLD - {NAME} | {changed(NAME, "text")}) == "~1 column"
    two = {("index", "public", "person", name, "…", "") for name in "ab"}
    assert counted(OLD, OLD | two) == "+2 indexes"
    assert counted(OLD, OLD) == ""


def test_a_migrations_changes_are_those_of_the_live_schema() -> None:
    done = Migrated(None, None, OLD, NEW, None)  # type: ignore[arg-type]
    assert done.changes == difference(OLD, NEW)
    assert done.counts == "+1 column, -1 column"


# What a rollback leaves.


def test_what_a_migration_made_stays_after_a_rollback() -> None:
    assert not_undone(OLD, OLD | {EMAIL, MOOD}) == [
        "type public.mood stays, which the migration made",
        "column public.person.email stays, which the migration made",
    ]


def test_what_a_migration_removed_does_not_come_back() -> None:
    assert not_undone(OLD | {MOOD}, OLD - {NAME}) == [
        "type public.mood does not come back, which the migration removed",
        "column public.person.name does not come back, which the migration removed, nor does its "
        "data",
    ]


def test_what_a_migration_changed_stays_changed() -> None:
    assert not_undone(OLD, OLD - {NAME} | {changed(NAME, "text")}) == [
        "column public.person.name stays text, where it was character varying(20)"
    ]


def test_a_table_is_told_as_one() -> None:
    assert not_undone(OLD, OLD | NOTE) == ["table public.note stays, which the migration made"]
    assert not_undone(OLD | NOTE, OLD) == [
        "table public.note does not come back, which the migration removed, nor does its data"
    ]


def test_a_schema_that_is_as_it_was_leaves_nothing_to_tell() -> None:
    assert not_undone(OLD, OLD) == []


# What migration tools note.

VERSION: Part = ("column", "public", "alembic_version", "version_num", "character varying(32)", "")
KNEX: Part = ("column", "app", "knex_migrations", "name", "character varying(255)", "")


def test_tools_are_asked_only_where_they_have_a_table() -> None:
    assert ledger_sql(OLD) is None
    assert ledger_sql(frozenset({changed(NAME, "text"), (*VERSION[:3], "other", "", "")})) is None
    assert ledger_sql(OLD | {VERSION}) == (
        'select \'public.alembic_version\', "version_num"::text from "public"."alembic_version"'
    )
    sql = ledger_sql(OLD | {VERSION, KNEX}) or ""
    assert "union all" in sql
    assert '"app"."knex_migrations"' in sql


def test_what_a_tool_notes_otherwise_is_told() -> None:
    alembic, knex = "public.alembic_version", "app.knex_migrations"
    before = [(alembic, "0001"), (knex, "1_person.js")]
    assert ledger_change(before, before) == []
    assert ledger_change(before, [(alembic, "0002"), *before[1:]]) == [
        "public.alembic_version says 0002, where it said 0001"
    ]
    assert ledger_change(before, [*before, (knex, "2_search.js")]) == [
        "app.knex_migrations says 2_search.js beside what it said"
    ]
    assert ledger_change(before, before[:1]) == ["app.knex_migrations no longer says 1_person.js"]


def test_a_rollback_leaves_the_schema_and_what_tools_note() -> None:
    noted = [("public.alembic_version", "0001")]
    nobody: Any = None
    baseline = Migrated(nobody, nobody, frozenset(), OLD, None, noted_after=noted)
    candidate = Migrated(nobody, nobody, OLD, NEW, None, noted_before=noted)
    now, noted_now = OLD | {EMAIL}, [("public.alembic_version", "0002")]
    told = [
        "column public.person.email stays, which the migration made",
        "public.alembic_version says 0002, where it said 0001",
    ]
    both = {"baseline": baseline, "candidate": candidate}
    assert left_behind(both, now, noted_now) == told
    assert left_behind(both, OLD, noted) == []
    # A migration that was cut off is in nobody's memory: the baseline's own is compared.
    assert left_behind({"baseline": baseline}, now, noted_now) == told
