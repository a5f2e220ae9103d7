"""What migration tools have noted in the database, and what changed in it."""

from pytest_canary.database.migration_history import history_change, history_sql
from pytest_canary.database.schema import Part

NAME: Part = ("column", "public", "person", "name", "character varying(20)", "")
VERSION: Part = ("column", "public", "alembic_version", "version_num", "character varying(32)", "")
KNEX: Part = ("column", "app", "knex_migrations", "name", "character varying(255)", "")
OLD = frozenset({NAME})


def test_tools_are_asked_only_where_they_have_a_table() -> None:
    assert history_sql(OLD) is None
    assert history_sql(frozenset({NAME, (*VERSION[:3], "other", "", "")})) is None
    assert history_sql(OLD | {VERSION}) == (
        'select \'public.alembic_version\', "version_num"::text from "public"."alembic_version"'
    )
    sql = history_sql(OLD | {VERSION, KNEX}) or ""
    assert "union all" in sql
    assert '"app"."knex_migrations"' in sql


def test_a_quote_in_a_schemas_name_ends_neither_text_nor_name() -> None:
    assert history_sql(frozenset({("column", "o'b", *VERSION[2:])})) == (
        'select \'o\'\'b.alembic_version\', "version_num"::text from "o\'b"."alembic_version"'
    )
    assert history_sql(frozenset({("column", 'my "s"', *VERSION[2:])})) == (
        'select \'my "s".alembic_version\', "version_num"::text from "my ""s"""."alembic_version"'
    )


def test_what_a_tool_notes_otherwise_is_told() -> None:
    alembic, knex = "public.alembic_version", "app.knex_migrations"
    before = [(alembic, "0001"), (knex, "1_person.js")]
    assert history_change(before, before) == []
    assert history_change(before, [(alembic, "0002"), *before[1:]]) == [
        "public.alembic_version says 0002, where it said 0001"
    ]
    assert history_change(before, [*before, (knex, "2_search.js")]) == [
        "app.knex_migrations says 2_search.js beside what it said"
    ]
    assert history_change(before, before[:1]) == ["app.knex_migrations no longer says 1_person.js"]
