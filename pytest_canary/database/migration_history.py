"""What migration tools have noted in the database: which of them ran what."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_canary.database.schema import Schema

Entry = tuple[str, ...]
"""A table of a migration tool, and one entry of it."""

MigrationHistory = list[Entry]

# Where migration tools note what was run: table and column, by their own documentation.
TABLES = {
    "alembic_version": "version_num",
    "knex_migrations": "name",
    "SequelizeMeta": "name",
    "schema_migrations": "version",  # Rails, golang-migrate, dbmate
    "flyway_schema_history": "version",
    "databasechangelog": "id",  # Liquibase
    "_prisma_migrations": "migration_name",
    "django_migrations": "name",
    "goose_db_version": "version_id",
    "migrations": "name",  # TypeORM
    "pgmigrations": "name",
}


def history_sql(schema: Schema) -> str | None:
    """The query for what migration tools have noted: table and entry; None where there is none."""
    found = sorted(
        (part[1], part[2], part[3])
        for part in schema
        if part[0] == "column" and TABLES.get(part[2]) == part[3]
    )
    if not found:
        return None
    return "\nunion all\n".join(
        f"select {_literal(f'{space}.{table}')}, {_identifier(column)}::text "  # noqa: S608 (quoted)
        f"from {_identifier(space)}.{_identifier(table)}"
        for space, table, column in found
    )


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _identifier(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def history_change(before: Iterable[Entry], now: Iterable[Entry]) -> list[str]:
    """What migration tools have noted beside what they had: a sentence for each table."""
    old, new = _entries(before), _entries(now)
    told = []
    for table in sorted({*old, *new}):
        came = ", ".join(sorted(new.get(table, set()) - old.get(table, set())))
        went = ", ".join(sorted(old.get(table, set()) - new.get(table, set())))
        if came and went:
            told.append(f"{table} says {came}, where it said {went}")
        elif came:
            told.append(f"{table} says {came} beside what it said")
        elif went:
            told.append(f"{table} no longer says {went}")
    return told


def _entries(rows: Iterable[Entry]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, entry in rows:
        found.setdefault(table, set()).add(entry)
    return found
