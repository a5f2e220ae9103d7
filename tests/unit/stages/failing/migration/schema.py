"""Where migrate ends well but leaves another schema, or its exit code says nothing."""

from fakes.database import SCHEMAS
from fakes.world import World
from unit.stages.failing import Cases

from pytest_canary.stages import migration

CASES = Cases("migration")

GRANT = ("ACL", "public", "TABLE person", "GRANT SELECT ON TABLE public.person TO report", "", "")


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
        done = world.commands.migrate_all(release, database)
        if database.startswith("canary_fresh"):
            return done
        world.postgres.schemas[database] = SCHEMAS["1"]
        return 0, "nothing to do"

    world.commands.migrate = lazy


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 1 of what it makes on an empty database",
    evidence=("index public.person.person_search",),
    before=True,
)
def migrate_forgets_an_index(world: World) -> None:
    def forgetful(release: str, database: str) -> tuple[int, str]:
        done = world.commands.migrate_all(release, database)
        if not database.startswith("canary_fresh"):
            made = world.postgres.schemas[database]
            world.postgres.schemas[database] = frozenset(
                part for part in made if part[0] != "index"
            )
        return done

    world.commands.migrate = forgetful


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 1 of what it makes on an empty database",
    evidence=("missing:", "GRANT SELECT ON TABLE public.person TO report"),
    before="canary",
)
def migrate_forgets_what_only_pg_dump_tells(world: World) -> None:
    def forgetful(release: str, database: str) -> tuple[int, str]:
        done = world.commands.migrate_all(release, database)
        if database.startswith("canary_fresh"):
            world.postgres.schemas[database] |= {GRANT}
        return done

    world.commands.migrate = forgetful


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 30 of what it makes on an empty database",
    evidence=("column public.person.more_0 text", "… and 10 more", "its output:"),
    before="canary",
)
def migrate_forgets_more_than_anybody_reads(world: World) -> None:
    columns = {("column", "public", "person", f"more_{each}", "text", "") for each in range(30)}

    def forgetful(release: str, database: str) -> tuple[int, str]:
        done = world.commands.migrate_all(release, database)
        if database.startswith("canary_fresh"):
            world.postgres.schemas[database] |= columns
        return done

    world.commands.migrate = forgetful


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with 0 on an empty database but makes no table there; "
    "let it fail when it does nothing, and see that it uses DB_SCHEMA",
    before="canary",
)
def migrate_ignores_the_databases_name(world: World) -> None:
    world.commands.migrate = lambda release, _: world.commands.migrate_all(
        release, world.settings.database.name
    )


@CASES.fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but the database has no table; let it fail when it does",
    evidence=("nothing to do",),
    before=True,
    first=True,
)
def migrate_does_nothing_in_a_first_release(world: World) -> None:
    world.commands.migrate = lambda *_: (0, "nothing to do")


@CASES.fails(
    migration.migrate_can_fail,
    "`app migrate` exits with 0 where the database refuses it; what can't fail can't stop a "
    "release",
    evidence=(
        "seen    a pod of its own, on an empty database that refuses every change, it has made "
        "nothing there, rule unfailing-migration",
        "next    let it exit with another code when it fails",
        "what canary-refused-",
    ),
    before="canary",
    table={"findings": {"unfailing-migration": {"level": "error"}}},
)
def migrate_swallows_its_errors(world: World) -> None:
    world.commands.migrate_refused = lambda *_: (0, "")


@CASES.fails(
    migration.migrate_can_fail,
    "`app migrate` ends 30 s after its last word where the database refuses it, and a release that "
    "fails waits as long",
    evidence=("rule late-failure", "likely  connections that are left open keep the process"),
    before="canary",
    table={"findings": {"late-failure": {"level": "error"}}},
)
def migrate_lingers_when_it_has_failed(world: World) -> None:
    world.commands.lingers = 30
