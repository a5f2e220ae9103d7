"""Where a version's own pods migrate as they come, and that goes wrong."""

from functools import partial

from fakes.database import wait
from fakes.objects import Object, unready
from fakes.world import World
from fakes.world_settings import INIT, JOB_BESIDE, START
from unit.stages.failing import Case, Cases
from unit.stages.failing.migration.jobs import running

from pytest_canary.stages import baseline, canary

CASES = Cases("canary")
fails = partial(CASES.fails, canary.deploy, before=True, table=INIT)
BEFORE = Cases("baseline")


def migrates_only_once(world: World, code: int, output: str) -> None:
    """Let it fail on the live schema, and go well on an empty database."""

    def migrate(release: str, database: str) -> tuple[int, str]:
        done = world.commands.migrate_all(release, database)
        return done if database.startswith("canary_fresh") else (code, output)

    world.commands.migrate = migrate


@fails(
    "`python -m addressbook migrate` in init container migrate of pod addressbook-canary-",
    'exits with code 5: "lock timeout"',
    evidence=("seen    pod addressbook-canary-", "init container migrate", "lock timeout"),
)
def the_init_container_fails(world: World) -> None:
    migrates_only_once(world, 5, "lock timeout")


def held_up() -> tuple[str, ...]:
    """A statement of the migration's that waits for one of somebody else's."""
    kind, wanted, held, relation, *_ = wait("alter …", "", "select …", "AccessExclusiveLock")
    ahead = ("12", "report", "10.244.0.2", "900", "900", "active", "select count(*)")
    own = ("31", "app", "10.244.9.9", "2000.3", "2000.3", "active", "alter table person …")
    return (kind, wanted, held, relation, *ahead, *own)


def still_initializing(pod: Object) -> Object:
    """A pod whose init container runs on."""
    made: Object = unready(pod)
    made["status"]["initContainerStatuses"] = [{"name": "migrate", "state": {"running": {}}}]
    return made


@fails(
    "`python -m addressbook migrate` in init container migrate of pod addressbook-canary-",
    "was given up at its deadline of 5 s",
    evidence=("next    see deadlines.rollout, and what it does so long",),
)
def the_init_container_hangs(world: World) -> None:
    world.namespace.controllers.sick = still_initializing


@fails(
    "was given up at its deadline of 5 s",
    evidence=(
        "likely  in the database session 31 (app) waits for AccessExclusiveLock on public.person",
    ),
)
def the_init_container_waits_for_a_lock(world: World) -> None:
    world.namespace.controllers.sick = still_initializing
    world.postgres.stays(held_up())


@fails(
    "waited 5 s for 1/1 of addressbook-canary, which did not come",
    evidence=("likely  in the database session 31 (app) waits for AccessExclusiveLock",),
    table=START,
)
def the_app_waits_for_a_lock_as_it_starts(world: World) -> None:
    world.namespace.controllers.sick = unready
    world.postgres.stays(held_up())


@fails(
    "the candidate's migrate exits with code 3 on an empty database",
)
def the_init_container_fails_on_an_empty_database(world: World) -> None:
    world.commands.migrate = lambda release, database: (
        (3, "")
        if database.startswith("canary_fresh")
        else world.commands.migrate_all(release, database)
    )


@fails(
    "lost its pod before it ended: container addressbook exited with code 3",
    table=START,
)
def the_app_ends_on_an_empty_database(world: World) -> None:
    world.commands.migrate = lambda release, database: (
        (3, "")
        if database.startswith("canary_fresh")
        else world.commands.migrate_all(release, database)
    )


@fails(
    "`python -m addressbook migrate` in pod migrate-addressbook-canary-",
    'exits with code 5: "lock timeout"',
    evidence=("Job migrate-addressbook-canary", "lock timeout"),
    table=JOB_BESIDE,
)
def the_canary_waits_for_a_job_beside_it_that_fails(world: World) -> None:
    migrates_only_once(world, 5, "lock timeout")
    world.namespace.controllers.sick = unready


@fails(
    "`python -m addressbook migrate` of Job migrate-addressbook-canary was given up at its",
    table=JOB_BESIDE,
)
def the_job_beside_it_hangs(world: World) -> None:
    world.namespace.controllers.job_pod = running


@fails(
    "Job migrate-addressbook-canary was deleted before `python -m addressbook migrate` ended",
    evidence=("next    see who else works in this namespace",),
    table=JOB_BESIDE,
)
def the_job_beside_it_is_gone(world: World) -> None:
    def starts(pod: Object) -> Object:
        world.namespace.delete_job("migrate-addressbook-canary")
        return pod

    world.namespace.controllers.starts = starts


@BEFORE.fails(
    baseline.deploy,
    "deployment.yml and what goes with it have 0 Jobs, where one with a name is to migrate; name ",
    before=True,
    table={"migration": {"by": "job"}, "commands": {}},
)
def there_is_no_job_beside_it(world: World) -> None:
    pass


@BEFORE.fails(
    baseline.deploy,
    "`python -m addressbook migrate` in init container migrate of pod addressbook-stable-",
    "exits with code 4",
    before=True,
    table=INIT,
)
def the_baselines_init_container_fails(world: World) -> None:
    world.commands.migrate = lambda *_: (4, "permission denied for schema public")


@BEFORE.fails(
    baseline.deploy,
    "which init container of pod addressbook-stable-",
    "migrates can't be told: it has migrate; name it in migration.container",
    before=True,
    table=INIT | {"migration": {"container": "migrations"}},
)
def no_init_container_is_called_so(world: World) -> None:
    pass


ALL: list[Case] = [*CASES, *BEFORE]
