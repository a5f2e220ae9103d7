"""How a migration fails, where the database refuses it."""

import pytest
from fakes.clock import Clock
from fakes.world import NewWorld, World

from pytest_canary.context.outcomes import MigrationOutcome
from pytest_canary.core.waiting import Waiter
from pytest_canary.k8s.exec import Exec
from pytest_canary.release.migration_trials import begin_refused
from pytest_canary.release.refused_migration import Refused, failures, silence
from pytest_canary.stages import migration

LAST = "2026-01-01T10:00:00.900000000Z Error: permission denied"


def check(world: World) -> list[str]:
    """Make the check, and return the rules that it tells of."""
    world.check("migration", migration.migrate_can_fail)
    return [told.finding.code for told in world.journal.warnings if told.stage == "migration"]


def notes(world: World) -> list[str]:
    return [each for each in world.journal.notes.get("migration", []) if "how migrate" in each]


def test_one_that_fails_where_it_is_refused_is_not_told(world: World) -> None:
    assert check(world) == []
    assert notes(world) == []
    left = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    assert not any(name.startswith("canary-refused") for name in left)
    assert not any(name.startswith("canary_refused") for name in world.postgres.schemas)


def test_one_that_can_not_fail_is_told_and_fails_nothing(world: World) -> None:
    world.commands.migrate_refused = lambda *_: (0, "")
    world.commands.lingers = 31
    assert check(world) == ["unfailing-migration", "late-failure"]


def test_one_that_writes_all_the_same_is_not_told(world: World) -> None:
    """Where nobody is a superuser, who could keep it from that."""
    world.commands.migrate_refused = world.commands.migrate_all
    world.postgres.refused["create function"] = (
        1,
        "ERROR: permission denied to create event trigger",
    )
    assert check(world) == []
    assert notes(world) == [
        "not told: how migrate fails, as it has written to a database that is read-only"
    ]


def test_what_keeps_it_from_being_tried_is_told_and_fails_nothing(world: World) -> None:
    world.postgres.refused["alter database"] = (1, "ERROR: must be owner of database")
    assert check(world) == []
    (note,) = notes(world)
    assert note.startswith("not told: how migrate fails, as the database refuses `alter database")


def test_one_that_does_not_end_is_given_up_and_says_nothing_meanwhile(world: World) -> None:
    world.enter("migration")
    pods, heard = world.context.release.pods, list[str]()
    pods.waiter.listener = lambda what, _: heard.append(what)
    world.namespace.controllers.one_off = lambda pod: pod | {"status": {"phase": "Running"}}
    live = pods.ready_pod("addressbook-canary")
    command = world.settings.commands.migrate
    # It has time of its own, which each look takes some of.
    beside = pods.waiting_by(Waiter(Clock(step=1)))
    tried = begin_refused(beside, world.context.database, live, command, "")
    refused = tried.wait(Waiter())
    assert refused.unknown.startswith("waited 45 s for migrate to end on a database that refuses")
    assert heard == []
    left = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    assert not any(name.startswith("canary-refused") for name in left)


def test_it_is_not_tried_where_migrate_fails_anyway(new_world: NewWorld) -> None:
    world = new_world()
    world.before("migration")
    world.commands.migrate = lambda release, database: (
        world.commands.migrate_all(release, database)
        if database.startswith("canary_fresh")
        else (5, "")
    )
    world.enter("migration")
    assert world.journal.outcome(MigrationOutcome).refused is None


@pytest.mark.parametrize(
    ("log", "finished", "seconds"),
    [
        (LAST, "2026-01-01T10:00:31Z", 30.1),
        (LAST, "2026-01-01T10:00:00Z", 0),  # an end is told to the second
        (LAST, None, 0),
        ("", "2026-01-01T10:00:31Z", 0),
        ("unable to retrieve container logs", "2026-01-01T10:00:31Z", 0),
    ],
)
def test_its_silence_before_the_end_is_measured(
    log: str, finished: str | None, seconds: float
) -> None:
    assert silence(log, {"finishedAt": finished}) == pytest.approx(seconds)


def test_one_that_ends_soon_with_a_code_of_its_own_is_well() -> None:
    assert list(failures(Refused(Exec("pod", "app migrate", 1, "denied", ""), 9.9))) == []
    assert list(failures(Refused(unknown="nobody knows"))) == []
