"""Where the migration keeps the app waiting, or nobody knows whether it does."""

from fakes.database import wait
from fakes.world import World
from unit.stages.failing import Cases

from pytest_canary.context.outcomes import MigrationOutcome
from pytest_canary.core.findings import Finding
from pytest_canary.stages import migration

CASES = Cases("migration")


def migrates_while(world: World, *waits: tuple[str, ...], samples: int) -> None:
    """Let the migration do its work while samples see who waits."""

    def migrate(release: str, database: str) -> tuple[int, str]:
        if not database.startswith("canary_fresh"):
            world.postgres.sees(*waits, samples=samples)
        return world.commands.migrate_all(release, database)

    world.commands.migrate = migrate


@CASES.fails(
    migration.nobody_waited,
    "the migration keeps the app waiting for 2.9 s, where 2 s are allowed: `create index …` holds "
    "ShareLock on public.person",
    evidence=(
        "seen    the database, session 80 (app migrate), 1 transaction waited, the longest 2.9 s: "
        "`insert into person …` of session 31 (app), for RowExclusiveLock on public.person",
        "next    CREATE INDEX CONCURRENTLY, outside a transaction",
    ),
    before=True,
)
def the_migration_makes_an_index_while_the_app_writes(world: World) -> None:
    waits = wait("create index …", "ShareLock", "insert into person …", "RowExclusiveLock")
    migrates_while(world, waits, samples=30)


@CASES.fails(
    migration.nobody_waited,
    "the migration keeps the app waiting for 0.9 s, where 0.5 s are allowed",
    before=True,
    table={"database": {"lock-limit": 0.5}},
)
def the_team_allows_half_a_second(world: World) -> None:
    waits = wait("alter table …", "AccessExclusiveLock", "select …", "AccessShareLock")
    migrates_while(world, waits, samples=10)


@CASES.fails(
    migration.nobody_waited,
    "the migration's locks were not watched, so nothing is known of them: the database refuses",
    before=True,
)
def nobody_can_watch_the_locks(world: World) -> None:
    world.postgres.watchable = False


@CASES.fails(
    migration.nobody_waited,
    "the migration's locks were not watched for 60.1 s in the middle",
    before=True,
)
def the_database_is_too_busy_to_be_watched(world: World) -> None:
    def migrate(release: str, database: str) -> tuple[int, str]:
        if not database.startswith("canary_fresh"):
            world.postgres.sleeps(60)
        return world.commands.migrate_all(release, database)

    world.commands.migrate = migrate


@CASES.fails(
    migration.nobody_will_wait,
    "the migration writes table public.person anew",
    evidence=("next    add a column of the new type",),
    table={"findings": {"table-rewrite": {"level": "error"}}},
)
def a_table_is_written_anew_where_that_is_an_error(world: World) -> None:
    world.journal.outcome(MigrationOutcome).blocking = [
        Finding(
            "table-rewrite",
            "the migration writes table public.person anew",
            next="add a column of the new type",
        )
    ]
