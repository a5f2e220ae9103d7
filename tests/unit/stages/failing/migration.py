"""Where the migration goes wrong, or one of the versions on the new schema."""

from fakes import app
from fakes.database import wait
from fakes.objects import Object, crashing, unready
from fakes.world import SCHEMAS, World
from unit.stages.failing import Cases

from pytest_canary.context import expect
from pytest_canary.context.journal import MigrationOutcome
from pytest_canary.core.findings import Finding
from pytest_canary.k8s.exec import Ending, ExecError
from pytest_canary.stages import migration

CASES = Cases("migration")

GRANT = ("ACL", "public", "TABLE person", "GRANT SELECT ON TABLE public.person TO report", "", "")


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
    before=True,
)
def migrate_fails_on_an_empty_database(world: World) -> None:
    world.migrate = lambda release, database: (
        (3, "") if database.startswith("canary_fresh") else world.migrate_all(release, database)
    )


@CASES.fails(
    migration.commands_run,
    "the database refuses `create database",
    evidence=("permission denied to create database",),
    before=True,
)
def no_database_can_be_made(world: World) -> None:
    world.refused["create database"] = (1, "ERROR: permission denied to create database")


def ends(world: World, ending: Ending, why: str, output: str = "") -> None:
    """Let migrate end in no way of its own on the live database."""

    def migrate(release: str, database: str) -> tuple[int, str]:
        if database.startswith("canary_fresh"):
            return world.migrate_all(release, database)
        raise ExecError(ending, why, "kubectl exec …", output)

    world.migrate = migrate


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
            return world.migrate_all(release, database)
        waits = wait("alter table person …", "", "select count(*)", "AccessExclusiveLock")
        kind, wanted, held, relation, *sessions = waits
        ahead = ("12", "report", "10.244.0.2", "900", "900", "active", "select count(*)")
        own = ("31", "app", "10.244.9.9", "2000.3", "2000.3", "active", "alter table person …")
        assert len(sessions) == len(ahead) + len(own)
        world.postgres.stays((kind, wanted, held, relation, *ahead, *own))
        raise ExecError("hangs", "was given up at its deadline", "kubectl exec …")

    world.migrate = migrate


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
            return world.migrate_all(release, database)
        world.namespace.drop("Pod", world.pods("canary")[0])
        raise ExecError("lost", "lost its pod", "kubectl exec …", "step 1")

    world.migrate = migrate


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
            return world.migrate_all(release, database)
        world.change_pod("canary", out_of_memory)
        return 137, "step 1"

    world.migrate = migrate


def out_of_memory(pod: Object) -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    container = pod["status"]["containerStatuses"][0]
    container.update({"restartCount": 1, "lastState": {"terminated": ended}})


@CASES.fails(
    migration.backup_restores,
    "pg_dump exits with code 1: pg_dump: error: permission denied for table secret",
    before=True,
)
def the_database_can_not_be_dumped(world: World) -> None:
    denied = "pg_dump: error: permission denied for table secret"
    world.postgres.ends["pg_dump"] = f"{denied}\nexit 1"


@CASES.fails(
    migration.backup_restores,
    "pg_restore exits with code 1: ",
    evidence=('type "vector" does not exist', "next    restore it by hand, and see why"),
    before=True,
)
def the_backup_lacks_an_extension(world: World) -> None:
    world.postgres.ends["pg_restore"] = 'pg_restore: error: type "vector" does not exist\nexit 1'


@CASES.fails(
    migration.backup_restores,
    "the database does not answer: psql was given up at its deadline",
    before=True,
)
def the_dump_waits_for_ever(world: World) -> None:
    world.postgres.hangs = "pg_dump"


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: public.person has 0 of 1 row",
    before=True,
)
def the_backup_has_lost_rows(world: World) -> None:
    expect.write_and_read(world.context)
    world.postgres.restored = lambda contents: contents | {"public.person": (0, "0")}


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: public.person has 1 row, but not the same",
    before=True,
)
def the_backup_has_other_rows(world: World) -> None:
    expect.write_and_read(world.context)
    world.postgres.restored = lambda contents: contents | {"public.person": (1, "0")}


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: column public.person.id int8 not null",
    before=True,
)
def the_backup_has_lost_a_column(world: World) -> None:
    world.postgres.restored_schema = lambda schema: frozenset(
        part for part in schema if part[3] != "id"
    )


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: sequence public.person_id_seq goes on with 1, "
    "where the live one goes on with 34",
    before=True,
)
def the_backups_sequence_begins_anew(world: World) -> None:
    world.postgres.sequences = {"public.person_id_seq": 34}
    world.postgres.restored_sequences = lambda sequences: dict.fromkeys(sequences, 1)


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: GRANT SELECT ON TABLE public.person TO report",
    before=True,
)
def the_backup_has_lost_a_grant(world: World) -> None:
    world.schemas["app"] |= {GRANT}
    world.postgres.restored_schema = lambda schema: schema - {GRANT}


@CASES.fails(
    migration.backup_restores,
    "the backup proves nothing: the live database has 0 tables and no row",
    before=True,
)
def there_is_nothing_to_back_up(world: World) -> None:
    world.postgres.contents = dict


@CASES.fails(migration.backup_restores, "no backup was made before the migration")
def no_backup_was_made(world: World) -> None:
    world.journal.outcome(MigrationOutcome).backup = None


def migrates_while(world: World, *waits: tuple[str, ...], samples: int) -> None:
    """Let the migration do its work while samples see who waits."""

    def migrate(release: str, database: str) -> tuple[int, str]:
        if not database.startswith("canary_fresh"):
            world.postgres.sees(*waits, samples=samples)
        return world.migrate_all(release, database)

    world.migrate = migrate


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
        return world.migrate_all(release, database)

    world.migrate = migrate


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


@CASES.fails(
    migration.ping_succeeds,
    '`app ping` in pod {canary} exits with code 1: "password authentication failed"',
    evidence=("password authentication failed",),
    before=True,
)
def ping_fails(world: World) -> None:
    world.ping = (1, "password authentication failed")


@CASES.fails(
    migration.migrate_succeeds,
    '`app migrate` in pod {canary} exits with code 5: "lock timeout"',
    evidence=("lock timeout",),
    before=True,
)
def migrate_fails(world: World) -> None:
    def locked(release: str, database: str) -> tuple[int, str]:
        done = world.migrate_all(release, database)
        return done if database.startswith("canary_fresh") else (5, "lock timeout")

    world.migrate = locked


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 2 of what it makes on an empty database; "
    "see why it stops there without failing",
    evidence=(
        "missing:",
        "column public.person.search_name text",
        "index public.person.person_search CREATE INDEX",
        "its output:",
        "nothing to do",
    ),
    before=True,
)
def migrate_does_nothing_on_the_live_schema(world: World) -> None:
    def lazy(release: str, database: str) -> tuple[int, str]:
        done = world.migrate_all(release, database)
        if database.startswith("canary_fresh"):
            return done
        world.schemas[database] = SCHEMAS["1"]
        return 0, "nothing to do"

    world.migrate = lazy


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 1 of what it makes on an empty database",
    evidence=("index public.person.person_search",),
    before=True,
)
def migrate_forgets_an_index(world: World) -> None:
    def forgetful(release: str, database: str) -> tuple[int, str]:
        done = world.migrate_all(release, database)
        if not database.startswith("canary_fresh"):
            made = world.schemas[database]
            world.schemas[database] = frozenset(part for part in made if part[0] != "index")
        return done

    world.migrate = forgetful


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 1 of what it makes on an empty database",
    evidence=("missing:", "GRANT SELECT ON TABLE public.person TO report"),
    before=True,
)
def migrate_forgets_what_only_pg_dump_tells(world: World) -> None:
    def forgetful(release: str, database: str) -> tuple[int, str]:
        done = world.migrate_all(release, database)
        if database.startswith("canary_fresh"):
            world.schemas[database] |= {GRANT}
        return done

    world.migrate = forgetful


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 30 of what it makes on an empty database",
    evidence=("column public.person.more_0 text", "… and 10 more", "its output:"),
    before=True,
)
def migrate_forgets_more_than_anybody_reads(world: World) -> None:
    columns = {("column", "public", "person", f"more_{each}", "text", "") for each in range(30)}

    def forgetful(release: str, database: str) -> tuple[int, str]:
        done = world.migrate_all(release, database)
        if database.startswith("canary_fresh"):
            world.schemas[database] |= columns
        return done

    world.migrate = forgetful


@CASES.fails(
    migration.commands_run,
    "pg_dump exits with code 1, so the schema is unknown: pg_dump: error: permission denied",
    before=True,
)
def pg_dump_can_not_tell_the_schema(world: World) -> None:
    denied = "pg_dump: error: permission denied for table secret\nexit 1"
    world.postgres.ends["pg_dump --schema-only"] = denied


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with 0 on an empty database but makes no table there; "
    "let it fail when it does nothing, and see that it uses DB_SCHEMA",
    before=True,
)
def migrate_ignores_the_databases_name(world: World) -> None:
    world.migrate = lambda release, _: world.migrate_all(release, world.settings.database.name)


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but the database has no table; let it fail when it does",
    evidence=("nothing to do",),
    before=True,
    first=True,
)
def migrate_does_nothing_in_a_first_release(world: World) -> None:
    world.migrate = lambda *_: (0, "nothing to do")


@CASES.fails(
    migration.canary_works,
    "PUT /person of pod {canary} answers with status 500, not 200",
    evidence=("column search_name does not exist",),
)
def the_canary_can_not_write_on_its_own_schema(world: World) -> None:
    world.app.faults = [app.only("canary", app.refuses_to("PUT"))]


@CASES.fails(
    migration.baseline_works,
    "PUT /person of pod {stable} answers with status 500, not 200",
    evidence=("column search_name does not exist",),
)
def the_baseline_can_not_write_on_the_new_schema(world: World) -> None:
    world.app.faults = [app.only("stable", app.refuses_to("PUT"))]


@CASES.fails(
    migration.baseline_works,
    "what pod {stable} acknowledged can't be read back from it: person ",
)
def the_baseline_does_not_read_what_it_writes(world: World) -> None:
    world.app.faults = [app.only("stable", app.forgets_what_it_writes)]


@CASES.fails(
    migration.baseline_reads_canarys,
    "what pod {canary} acknowledged can't be read from pod {stable}: person ",
    "see that both versions read and write the same columns",
)
def the_baseline_does_not_see_the_canarys_rows(world: World) -> None:
    world.app.faults = [app.only("stable", app.forgets_what_it_writes)]


@CASES.fails(
    migration.canary_reads_baselines,
    "what pod {stable} acknowledged can't be read from pod {canary}: person ",
)
def the_canary_does_not_see_the_baselines_rows(world: World) -> None:
    world.app.faults = [app.only("canary", app.forgets_what_it_writes)]


@CASES.fails(
    migration.service_works,
    "GET /all of the Service answers with status 500, not 200",
    first=True,
)
def the_service_can_not_read(world: World) -> None:
    world.app.faults = [app.refuses_to("GET")]


@CASES.fails(
    migration.baseline_reads_all,
    "1 of 1 acknowledged writes can't be read back from pod {stable}; the first: person 1 (",
    "is missing; look for what has removed or doubled it since it was written",
)
def the_baseline_does_not_see_the_old_rows(world: World) -> None:
    world.app.faults = [app.only("stable", app.forgets_what_it_writes)]


@CASES.fails(
    migration.canary_reads_all,
    "1 of 1 acknowledged writes can't be read back from pod {canary}; the first: person 1 (",
)
def the_canary_does_not_see_the_old_rows(world: World) -> None:
    world.app.faults = [app.only("canary", app.forgets_what_it_writes)]


@CASES.fails(
    migration.canary_is_ready,
    "waited 5 s for 1/1 of addressbook-canary, which did not come; last seen: "
    "addressbook-canary 0/1 ready of {candidate}; {canary} CrashLoopBackOff",
)
def the_migration_kills_the_canary(world: World) -> None:
    world.change_pod("canary", crashing)
