"""What is tried of a migration beside the checks that come before it."""

from dataclasses import replace
from typing import Any

import pytest
from fakes.objects import Object
from fakes.world import NewWorld, World
from fakes.world_settings import INIT, JOB, JOB_FIRST, PIPELINES, START

from pytest_canary.context.outcomes import CanaryOutcome, MigrationOutcome
from pytest_canary.core.errors import CanaryError, ClusterError
from pytest_canary.core.waiting import Waiter
from pytest_canary.release.migration_trials import MigrationTrials


def trials(world: World) -> MigrationTrials | None:
    return world.journal.outcome(CanaryOutcome).trials


def own_pods(world: World) -> list[str]:
    """The names of pods of the run's own that there are."""
    names = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    return [name for name in names if name.startswith("canary-")]


def own_databases(world: World) -> list[str]:
    """The names of databases that are made beside the live one."""
    return [name for name in world.postgres.schemas if name.startswith("canary_")]


@pytest.mark.parametrize("table", [{}, JOB, PIPELINES], ids=["exec", "job", "pipelines"])
def test_they_begin_with_the_canary_and_leave_the_live_database_alone(
    new_world: NewWorld, table: dict[str, Any]
) -> None:
    world = new_world(**table)
    live = world.settings.database.name
    world.before("canary")
    before = world.postgres.schemas[live]
    world.enter("canary")

    made = trials(world)
    assert made
    tried = made.fresh(Waiter())
    assert tried.before == before
    assert made.refused.wait(Waiter()).done
    assert world.postgres.schemas[live] == before
    assert own_pods(world) == []

    world.enter("migration")
    assert world.journal.migrations["candidate"].fresh == tried.schema
    assert world.journal.outcome(MigrationOutcome).refused is made.refused


@pytest.mark.parametrize(
    "table",
    [
        {"upgrade": False},
        INIT,
        START,
        {"commands": {"ping": [], "migrate": [], "down": []}},
    ],
    ids=["a first release", "an init container", "the app", "none"],
)
def test_there_are_none_where_no_migration_follows_that_is_made_by_itself(
    new_world: NewWorld, table: dict[str, Any]
) -> None:
    assert trials(new_world(**table).enter("canary")) is None


def ends_at_canary(world: World) -> None:
    """Begin a walk that goes no further."""
    plan = world.rehearsal.plan
    world.begin_again(replace(plan, options=replace(plan.options, until="canary")))


def test_there_are_none_where_the_walk_ends_before(world: World) -> None:
    ends_at_canary(world)
    assert trials(world.enter("canary")) is None


def test_a_migration_that_comes_before_the_walks_end_is_tried(new_world: NewWorld) -> None:
    world = new_world(**JOB_FIRST)
    ends_at_canary(world)
    world.before("canary")
    world.commands.migrate = world.commands.fail_on_empty
    with pytest.raises(CanaryError, match="exits with code 3 on an empty database"):
        world.enter("canary")


def test_a_migration_that_comes_first_is_tried_then(new_world: NewWorld) -> None:
    world = new_world(**JOB_FIRST).enter("canary")
    assert trials(world)
    assert world.journal.migrations["candidate"].fresh


def test_what_still_runs_at_the_end_is_ended_and_leaves_nothing(world: World) -> None:
    world.before("canary")
    world.namespace.controllers.one_off = lambda pod: pod | {"status": {"phase": "Running"}}
    world.rehearsal.enter("canary")
    assert trials(world)
    world.rehearsal.workspace.stop_background()
    assert own_pods(world) + own_databases(world) == []


def test_they_have_ended_when_the_live_database_is_migrated(new_world: NewWorld) -> None:
    """Neither their pods nor their databases are to be in the way of what is watched then."""
    world = new_world(**JOB_FIRST)
    beside: list[str] = []

    def migrate(release: str, database: str) -> tuple[int, str]:
        if release == "2" and database == world.settings.database.name:
            beside.extend(own_pods(world) + own_databases(world))
        return world.commands.migrate_all(release, database)

    world.before("canary")
    world.commands.migrate = migrate
    world.enter("canary")
    assert world.journal.migrations["candidate"].changes
    assert beside == []


@pytest.mark.parametrize("table", [{}, JOB], ids=["exec", "job"])
def test_what_is_in_the_way_for_a_while_keeps_nothing_from_being_tried(
    new_world: NewWorld, table: dict[str, Any]
) -> None:
    """As a quota, in which a pod that is on its way out still counts."""
    world = new_world(**table)
    world.before("canary")
    add, refusals = world.namespace.add, iter(["exceeded quota: tight"])

    def refuse_once(*made: Object) -> None:
        if any(each["kind"] == "Pod" for each in made):
            for words in refusals:
                raise ClusterError(f"can't create Pod: {words}")
        add(*made)

    world.namespace.add = refuse_once  # type: ignore[method-assign]
    world.enter("migration")
    assert world.journal.migrations["candidate"].fresh
    refused = world.journal.outcome(MigrationOutcome).refused
    assert refused
    assert refused.wait(Waiter()).done


def test_a_migration_that_takes_no_other_name_has_changed_the_live_schema_by_then(
    world: World,
) -> None:
    """What was there before is known all the same, and what a rollback leaves of it."""
    world.before("canary")
    live = world.settings.database.name
    before = world.postgres.schemas[live]
    world.commands.migrate = lambda release, _: world.commands.migrate_all(release, live)
    world.enter("migration")
    done = world.journal.migrations["candidate"]
    assert (done.before, done.fresh) == (before, frozenset())
    assert done.changes


def test_what_the_app_makes_meanwhile_was_there_before_the_migration(world: World) -> None:
    """As a table that it makes at its first request, which no way back takes away."""
    world.enter("canary")
    live = world.settings.database.name
    world.postgres.schemas[live] |= {("table", "public.sessions")}
    own = world.postgres.schemas[live]
    world.enter("migration")
    assert world.journal.migrations["candidate"].before == own


def test_there_is_one_pod_of_them_at_a_time(world: World) -> None:
    """A namespace or a node may have room for no more."""
    world.before("canary")
    most = 0
    end = world.namespace.controllers.one_off

    def one_off(pod: Object) -> Object:
        nonlocal most
        most = max(most, len(own_pods(world)))
        return end(pod)

    world.namespace.controllers.one_off = one_off
    world.enter("canary")
    assert most <= 1
