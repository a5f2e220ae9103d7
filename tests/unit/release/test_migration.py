"""What a migration changes, and what rolling back leaves of it."""

from typing import Any

from pytest_canary.database.migration_history import MigrationHistory
from pytest_canary.database.schema import Part, difference
from pytest_canary.release.migration import Migrated, left_behind

NAME: Part = ("column", "public", "person", "name", "character varying(20)", "")
EMAIL: Part = ("column", "public", "person", "email", "text", "")
OLD, NEW = frozenset({NAME}), frozenset({EMAIL})


def test_a_migrations_changes_are_those_of_the_live_schema() -> None:
    done = Migrated(None, None, OLD, NEW, None)  # type: ignore[arg-type]
    assert done.changes == difference(OLD, NEW)
    assert done.counts == "+1 column, -1 column"


def test_a_rollback_leaves_the_schema_and_what_tools_note() -> None:
    noted: MigrationHistory = [("public.alembic_version", "0001")]
    nobody: Any = None
    baseline = Migrated(nobody, nobody, frozenset(), OLD, None, noted_after=noted)
    candidate = Migrated(nobody, nobody, OLD, OLD | {EMAIL}, None, noted_before=noted)
    now = OLD | {EMAIL}
    noted_now: MigrationHistory = [("public.alembic_version", "0002")]
    told = [
        "column public.person.email stays, which the migration made",
        "public.alembic_version says 0002, where it said 0001",
    ]
    both = {"baseline": baseline, "candidate": candidate}
    assert left_behind(both, now, noted_now) == told
    assert left_behind(both, OLD, noted) == []
    # A migration that was cut off is in nobody's memory: the baseline's own is compared.
    assert left_behind({"baseline": baseline}, now, noted_now) == told
