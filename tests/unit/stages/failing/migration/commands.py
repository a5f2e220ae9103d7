"""Where the candidate's ping or migrate comes to no good end, or prints what it must not."""

from fakes.database import wait
from fakes.objects import Object, unready
from fakes.world import World
from unit.stages.failing import Cases

from pytest_canary.k8s.exec import Ending, ExecError
from pytest_canary.stages import migration

CASES = Cases("migration")


@CASES.fails(
    migration.commands_run,
    "no pod of addressbook-canary is ready, so nothing can be asked of one; 1 are there",
    before=True,
)
def the_canary_is_not_ready(world: World) -> None:
    world.change_pod("canary", unready)


@CASES.fails(
    migration.commands_run,
    "the candidate's migrate exits with code 3 on an empty database",
    evidence=("what canary-fresh-",),
    before="canary",
)
def migrate_fails_on_an_empty_database(world: World) -> None:
    world.commands.migrate = world.commands.fail_on_empty


@CASES.fails(
    migration.commands_run,
    "the database refuses `create database",
    evidence=("permission denied to create database",),
    before="canary",
)
def no_database_can_be_made(world: World) -> None:
    world.postgres.refused["create database"] = (1, "ERROR: permission denied to create database")


def ends(world: World, ending: Ending, why: str, output: str = "") -> None:
    """Let migrate end in no way of its own on the live database."""

    def migrate(release: str, database: str) -> tuple[int, str]:
        if database.startswith("canary_fresh"):
            return world.commands.migrate_all(release, database)
        raise ExecError(ending, why, "kubectl exec …", output)

    world.commands.migrate = migrate


@CASES.fails(
    migration.commands_run,
    "`app migrate` in pod {canary} was given up at its deadline of 5 s: it has printed nothing "
    "for 4 s, the last: altering person",
    evidence=("altering person", "next    see what it does so long; it runs on until its pod"),
    before=True,
)
def migrate_hangs(world: World) -> None:
    why = "was given up at its deadline of 5 s: it has printed nothing for 4 s"
    ends(world, "hangs", f"{why}, the last: altering person", "altering person")


@CASES.fails(
    migration.commands_run,
    "`app migrate` in pod {canary} was given up at its deadline",
    evidence=(
        "likely  in the database session 31 (app) waits for AccessExclusiveLock on public.person: "
        "`alter table person …`; session 12 (report) is ahead of it, active: `select count(*)`",
    ),
    before=True,
)
def migrate_hangs_as_it_waits_for_a_lock(world: World) -> None:
    def migrate(release: str, database: str) -> tuple[int, str]:
        if database.startswith("canary_fresh"):
            return world.commands.migrate_all(release, database)
        waits = wait("alter table person …", "", "select count(*)", "AccessExclusiveLock")
        kind, wanted, held, relation, *sessions = waits
        ahead = ("12", "report", "10.244.0.2", "900", "900", "active", "select count(*)")
        own = ("31", "app", "10.244.9.9", "2000.3", "2000.3", "active", "alter table person …")
        assert len(sessions) == len(ahead) + len(own)
        world.postgres.stays((kind, wanted, held, relation, *ahead, *own))
        raise ExecError("hangs", "was given up at its deadline", "kubectl exec …")

    world.commands.migrate = migrate


@CASES.fails(
    migration.commands_run,
    "`app migrate` in pod {canary} was still printing at its deadline of 5 s: 1,204 lines, the "
    "last: again",
    evidence=("again",),
    before=True,
)
def migrate_never_stops_printing(world: World) -> None:
    why = "was still printing at its deadline of 5 s: 1,204 lines, the last: again"
    ends(world, "endless", why, "again")


@CASES.fails(
    migration.commands_run,
    "`app migrate` in pod {canary} could not run: exec: app: not found",
    evidence=("next    see that the image has it",),
    before=True,
)
def there_is_no_such_command(world: World) -> None:
    ends(world, "refused", "could not run: exec: app: not found")


@CASES.fails(
    migration.commands_run,
    "lost its pod before it ended: the pod was deleted",
    evidence=("step 1",),
    before=True,
)
def the_canary_is_deleted_under_it(world: World) -> None:
    def migrate(release: str, database: str) -> tuple[int, str]:
        if database.startswith("canary_fresh"):
            return world.commands.migrate_all(release, database)
        world.namespace.drop("Pod", world.pods("canary")[0])
        raise ExecError("lost", "lost its pod", "kubectl exec …", "step 1")

    world.commands.migrate = migrate


@CASES.fails(
    migration.commands_run,
    "lost its pod before it ended: container addressbook exited with code 137 (OOMKilled)",
    evidence=(
        "seen    pod {canary}, the command exited with code 137",
        "next    raise resources.limits.memory",
    ),
    before=True,
)
def the_canarys_memory_is_too_small_for_both(world: World) -> None:
    def migrate(release: str, database: str) -> tuple[int, str]:
        if database.startswith("canary_fresh"):
            return world.commands.migrate_all(release, database)
        world.change_pod("canary", out_of_memory)
        return 137, "step 1"

    world.commands.migrate = migrate


def out_of_memory(pod: Object) -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    container = pod["status"]["containerStatuses"][0]
    container.update({"restartCount": 1, "lastState": {"terminated": ended}})


@CASES.fails(
    migration.ping_succeeds,
    '`app ping` in pod {canary} exits with code 1: "password authentication failed"',
    evidence=("password authentication failed",),
    before=True,
)
def ping_fails(world: World) -> None:
    world.commands.ping = (1, "password authentication failed")


@CASES.fails(
    migration.migrate_succeeds,
    '`app migrate` in pod {canary} exits with code 5: "lock timeout"',
    evidence=("lock timeout",),
    before=True,
)
def migrate_fails(world: World) -> None:
    def locked(release: str, database: str) -> tuple[int, str]:
        done = world.commands.migrate_all(release, database)
        return done if database.startswith("canary_fresh") else (5, "lock timeout")

    world.commands.migrate = locked


@CASES.fails(
    migration.commands_run,
    "pg_dump exits with code 1, so the schema is unknown: pg_dump: error: permission denied",
    before=True,
)
def pg_dump_can_not_tell_the_schema(world: World) -> None:
    denied = "pg_dump: error: permission denied for table secret\nexit 1"
    world.postgres.ends["pg_dump --schema-only"] = denied


@CASES.fails(
    migration.no_secret_is_printed,
    "`app migrate` prints the value of DB_PASSWORD, which stays in the log of every job that runs "
    "it",
    evidence=(
        "seen    pod {canary}, rule printed-secret",
        "next    let it print no settings and no connection's URL",
    ),
    before=True,
    table={"findings": {"printed-secret": {"level": "error"}}},
)
def migrate_prints_the_connections_url(world: World) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]

    def migrate(release: str, database: str) -> tuple[int, str]:
        code, output = world.commands.migrate_all(release, database)
        return code, f"postgres://app:{password}@db:5432/{database}\n{output}"

    world.commands.migrate = migrate
