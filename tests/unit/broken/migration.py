"""Where the migration goes wrong, or one of the versions on the new schema."""

import world_app as app
from world import SCHEMAS, World
from world_objects import crashing, unready

from broken import Cases
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


@CASES.fails(
    migration.ping_succeeds,
    "`app ping` in pod {canary} exits with code 1",
    evidence=("password authentication failed",),
    before=True,
)
def ping_fails(world: World) -> None:
    world.ping = (1, "password authentication failed")


@CASES.fails(
    migration.migrate_succeeds,
    "`app migrate` in pod {canary} exits with code 5",
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
