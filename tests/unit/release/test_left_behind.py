"""What a walk tells of what rolling back has not undone in the database."""

import pytest
from fakes import app
from fakes.database import SCHEMAS
from fakes.world import World

from pytest_canary.context.outcomes import RollbackOutcome
from pytest_canary.core.errors import ApiError, DatabaseError
from pytest_canary.database.schema import SCHEMA_SQL
from pytest_canary.stages import automatic_rollback, rollback

MADE = [
    "column public.person.search_name stays, which the migration made",
    "index public.person.person_search stays, which the migration made",
]


def test_after_a_rollback_what_the_migration_made_is_told(world: World) -> None:
    world.enter("rollback")
    world.check("rollback", rollback.baseline_works)
    assert world.journal.outcome(RollbackOutcome).not_undone == MADE
    assert world.journal.notes["rollback"] == [f"not undone: {MADE[0]}, and 1 more"]


def test_what_is_left_is_what_there_was_before_the_down_migration(world: World) -> None:
    world.enter("rollback")
    world.check("rollback", rollback.down_succeeds)
    world.check("rollback", rollback.baseline_works)
    assert world.journal.outcome(RollbackOutcome).not_undone == MADE
    assert world.postgres.schemas["app"] == SCHEMAS["1"]
    assert world.journal.notes["rollback"] == [
        "then down: -1 column, -1 index",
        f"not undone: {MADE[0]}, and 1 more",
    ]


def test_after_a_failure_before_the_migration_there_is_nothing_to_tell(world: World) -> None:
    world.before("automatic_rollback")
    world.roll_back()
    world.check("automatic_rollback", automatic_rollback.api_works)
    assert world.journal.outcome(RollbackOutcome).not_undone == []
    assert "not undone: nothing" in world.journal.notes["rollback"]


def test_after_a_failure_that_cut_the_migration_off_its_half_is_told(world: World) -> None:
    world.before("automatic_rollback")
    world.postgres.schemas["app"] = SCHEMAS["2"]
    world.roll_back()
    world.check("automatic_rollback", automatic_rollback.api_works)
    assert world.journal.outcome(RollbackOutcome).not_undone == MADE


def test_an_api_that_fails_is_told_before_a_database_that_can_not_be_looked_at(
    world: World,
) -> None:
    """And once both are mended, the check holds: it keeps no failure of a look."""
    world.before("automatic_rollback")
    world.roll_back()
    world.app.faults = [app.fails]
    world.postgres.refused[SCHEMA_SQL] = (1, "ERROR: canceling statement due to lock timeout")
    with pytest.raises(ApiError, match="PUT /person of the Service answers with status 500"):
        world.check("automatic_rollback", automatic_rollback.api_works)
    world.app.faults = []
    with pytest.raises(DatabaseError):
        world.check("automatic_rollback", automatic_rollback.api_works)
    world.postgres.refused.clear()
    world.check("automatic_rollback", automatic_rollback.api_works)
