"""What is tried of a migration beside the checks that come before it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes.objects import Object
from fakes.world import NewWorld, World
from fakes.world_settings import INIT, JOB, JOB_FIRST, PIPELINES, START

from pytest_canary.context.outcomes import CanaryOutcome, MigrationOutcome
from pytest_canary.core.waiting import Waiter
from pytest_canary.release.migration_trials import MigrationTrials


def trials(world: World) -> MigrationTrials | None:
    return world.journal.outcome(CanaryOutcome).trials


def own_pods(world: World) -> list[str]:
    """The names of pods of the run's own that there are."""
    names = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    return [name for name in names if name.startswith("canary-")]


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
    fresh = made.fresh(Waiter())
    assert made.refused.wait(Waiter()).done
    assert world.postgres.schemas[live] == before
    assert own_pods(world) == []

    world.enter("migration")
    assert world.journal.migrations["candidate"].fresh == fresh
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


def test_there_are_none_where_the_walk_ends_before(world: World) -> None:
    plan = world.rehearsal.plan
    waiter = world.rehearsal.workspace.waiter
    world.run.release()
    world.begin(replace(plan, options=replace(plan.options, until="canary")), waiter)
    assert trials(world.enter("canary")) is None


def test_a_migration_that_comes_first_is_tried_then(new_world: NewWorld) -> None:
    world = new_world(**JOB_FIRST).enter("canary")
    assert trials(world)
    assert world.journal.migrations["candidate"].fresh


def running(world: World) -> Callable[[Object], Object]:
    """Let a pod of the run's own run for ever."""
    return lambda pod: pod | {"status": {"phase": "Running"}}


def test_what_still_runs_at_the_end_is_ended_and_leaves_nothing(world: World) -> None:
    world.before("canary")
    world.namespace.controllers.one_off = running(world)
    world.rehearsal.enter("canary")
    made = trials(world)
    assert made
    made.stop()
    assert own_pods(world) == []
    assert not [name for name in world.postgres.schemas if name.startswith("canary_")]


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
