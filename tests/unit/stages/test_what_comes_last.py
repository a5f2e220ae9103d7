"""What is asserted when the pods that were told to end have ended, and not before."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from fakes.app import Asked, Reply, fails
from fakes.objects import ended
from fakes.traffic import until
from fakes.world import NewWorld
from fakes.world_settings import LOADED

from pytest_canary import stages
from pytest_canary.context import expect
from pytest_canary.context.context import Context
from pytest_canary.core.errors import CanaryError, FoundError, WaitTimeoutError
from pytest_canary.stages import automatic_rollback, canary, rollback, stable


def test_the_way_down_waits_until_the_candidate_has_let_go_of_the_database(
    new_world: NewWorld,
) -> None:
    world = new_world().enter("rollback")
    stage, database = stages.load("rollback"), world.settings.database.name
    world.rehearsal.make(rollback.promote_last_good, stage)
    world.leave_an_old_pod("candidate")
    before = world.postgres.schemas[database]
    with pytest.raises(WaitTimeoutError, match="for the end of the pods that were told to end"):
        world.rehearsal.make(rollback.take_migration_back, stage)
    assert world.postgres.schemas[database] == before


@pytest.mark.parametrize(
    ("stage", "check"),
    [
        ("canary", canary.nothing_is_lost),
        ("stable", stable.nothing_is_lost),
        ("rollback", rollback.baseline_reads_all),
    ],
)
def test_the_rows_are_read_when_nobody_writes_any_more(
    new_world: NewWorld, stage: str, check: Callable[[Context], None]
) -> None:
    world = new_world().enter(stage)
    if stage == "rollback":
        world.rehearsal.make(rollback.promote_last_good, stages.load(stage))
    world.leave_an_old_pod("candidate")
    with pytest.raises(WaitTimeoutError, match="for the end of the pods that were told to end"):
        check(world.context)
    old = next(name for name in world.pods("stable") if name.endswith("-00099"))
    world.namespace.edit("Pod", old, ended)
    check(world.context)


def test_a_request_that_hangs_as_its_pod_is_gone_is_lost(new_world: NewWorld) -> None:
    world = new_world(**LOADED, deadlines={"rollout": 5, "request": 2}).enter("stable")
    world.clock.real = 0.05  # so that the wait outlasts the requests
    hanging: list[Asked] = []
    told = Event()

    def hang(asked: Asked, reply: Reply) -> None:
        hanging.append(asked)
        told.wait(60)

    world.app.faults = [hang]
    # A process that stands still has some under way that no app has seen yet.
    until(lambda: len(hanging) >= 3)
    world.app.faults = []
    try:
        with pytest.raises(FoundError, match="requests were lost"):
            expect.no_lost_request(world.context, "stable")
    finally:
        told.set()


def test_a_rollback_tells_what_is_not_undone_where_the_baseline_no_longer_works(
    new_world: NewWorld,
) -> None:
    """It may be why: a column that its writes don't know."""
    world = new_world().enter("migration")
    world.fail("migration")
    world.roll_back()
    world.app.faults = [fails]
    with pytest.raises(CanaryError, match="status 500"):
        world.check("automatic_rollback", automatic_rollback.api_works)
    assert "the API answers" not in world.journal.line("rollback")
    assert any("not undone: " in note for note in world.journal.line("rollback"))
