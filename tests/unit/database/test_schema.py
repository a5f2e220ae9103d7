"""What is in a schema, and what changed in it, in words."""

from pytest_canary.database.schema import (
    Part,
    count_changes,
    describe,
    difference,
    missing_parts,
    not_undone,
)

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
    assert describe({*OLD, MOOD, ("column", "other", "person", "id", "integer", "")}) == [
        "column other.person.id integer",
        "column public.person.id bigint not null identity",
        "column public.person.name character varying(20)",
        "index public.person.person_pkey CREATE UNIQUE INDEX person_pkey …",
        "type public.mood enum 'sad', 'ok'",
    ]


def test_what_a_migration_left_out_is_named() -> None:
    assert missing_parts(NEW, OLD) == ["column public.person.email text"]
    assert missing_parts(NEW, NEW) == []
    assert missing_parts(OLD, OLD | NEW) == [], "more than was expected is no lack"


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
    assert count_changes(OLD, OLD | {EMAIL}) == "+1 column"
    assert count_changes(OLD, NEW | NOTE) == "+1 table, +2 columns, +1 index, -1 column"
    assert count_changes(OLD, OLD - {NAME} | {changed(NAME, "text")}) == "~1 column"
    two = {("index", "public", "person", name, "…", "") for name in "ab"}
    assert count_changes(OLD, OLD | two) == "+2 indexes"
    assert count_changes(OLD, OLD) == ""


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
