"""Where one of the two ways back goes wrong."""

from dataclasses import replace
from typing import Any

from fakes import app
from fakes.database import SCHEMAS, wait
from fakes.objects import unready
from fakes.traffic import sends
from fakes.world import World
from fakes.world_settings import LOADED, NO_HEADER
from unit.stages.failing import Cases
from unit.stages.failing.baseline import FAILING_APPLY

from pytest_canary.release.diagnostics import Diagnostics
from pytest_canary.stages import rollback

CASES = Cases("rollback")


@CASES.fails(
    rollback.roll_back,
    "addressbook-canary can't be deployed: `",
    "exited with code 3",
    evidence=("apply.sh: addressbook-canary was not rolled out",),
    before=True,
)
def the_canary_can_not_be_deployed_again(world: World) -> None:
    world.script("apply.sh", FAILING_APPLY)


@CASES.fails(
    rollback.roll_back,
    "waited 5 s for 2/2 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 3/2 ready of {candidate}, 3 wanted",
    before=True,
)
def stable_is_not_scaled_down(world: World) -> None:
    world.patch.setattr(world.namespace, "scale", lambda *_: None)


@CASES.fails(rollback.diagnostics_are_there, "no diagnostics were collected")
def nothing_was_collected(world: World) -> None:
    world.journal.diagnostics = None


def collected(world: World, **what: Any) -> None:
    found = world.journal.diagnostics
    assert isinstance(found, Diagnostics)
    world.journal.diagnostics = replace(found, **what)


@CASES.fails(rollback.diagnostics_are_there, "the diagnostics hold no log of addressbook-canary")
def there_are_no_logs(world: World) -> None:
    collected(world, logs={})


@CASES.fails(
    rollback.diagnostics_are_there, "the diagnostics' events do not tell of addressbook-canary"
)
def the_events_are_of_something_else(world: World) -> None:
    collected(world, events="Scheduled pod/db-85bpb")


@CASES.fails(
    rollback.diagnostics_are_there, "the diagnostics' describe do not tell of addressbook-canary"
)
def the_canary_was_gone_before(world: World) -> None:
    collected(world, describe="Error from server (NotFound)")


@CASES.fails(
    rollback.stable_is_back,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 2/3 ready of {candidate}, 2 wanted",
)
def stable_is_left_scaled_down(world: World) -> None:
    world.namespace.scale("addressbook-stable", 2)


@CASES.fails(
    rollback.canary_is_gone,
    "waited 5 s for addressbook-canary to be deleted, which did not come; last seen: "
    "Deployment addressbook-canary, pod {canary} ready",
)
def the_canary_is_left(world: World) -> None:
    world.context.release.deploy("canary", 1, world.version("candidate"))


@CASES.fails(rollback.api_works, "PUT /person of the Service answers with status 500, not 200")
def nothing_can_be_written_after_it(world: World) -> None:
    world.app.faults = [app.refuses_to("PUT")]


@CASES.fails(
    rollback.nothing_is_lost,
    "1 of 1 acknowledged writes can't be read back from the Service; the first: person 1 (",
)
def the_rollback_loses_rows(world: World) -> None:
    world.app.rows.clear()


@CASES.fails(
    rollback.promote_last_good.function,
    "addressbook-stable can't be deployed: `",
    "exited with code 3",
    evidence=("apply.sh: addressbook-stable was not rolled out",),
    passes_first=False,
)
def the_last_good_image_can_not_be_applied(world: World) -> None:
    world.script("apply.sh", FAILING_APPLY)


@CASES.fails(
    rollback.promote_last_good.function,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 0/3 ready of {baseline}",
    passes_first=False,
)
def the_baseline_does_not_start_on_the_new_schema(world: World) -> None:
    world.namespace.controllers.sick = unready


@CASES.fails(
    rollback.baseline_is_ready,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 2/3 ready of {baseline}; {stable} running, not ready",
)
def a_pod_of_the_baseline_is_not_ready(world: World) -> None:
    world.change_pod("stable", unready)


@CASES.fails(
    rollback.baseline_answers,
    "not only version 1 answers: of 300 connections some went to 2 (100); "
    "an old pod still gets traffic",
)
def the_candidate_still_answers(world: World) -> None:
    world.app.faults = [app.only(world.pods("stable")[0], app.says("2"))]


@CASES.fails(
    rollback.baseline_answers,
    "not only pods of the baseline get connections: 100 of 300 went to pod addressbook-stable-",
    "-00099 (100); an old pod still gets traffic",
    table=NO_HEADER,
)
def a_pod_of_the_candidate_gets_connections(world: World) -> None:
    world.leave_an_old_pod("candidate")


@CASES.fails(
    rollback.baseline_answers,
    "Service addressbook-lb selects no pod of addressbook-stable: it selects app=adressbook, and "
    "they have app=addressbook",
)
def the_service_misses_the_baseline(world: World) -> None:
    world.select(app="adressbook")


@CASES.fails(
    rollback.baseline_works,
    "GET /all of the Service answers with status 500, not 200",
    evidence=("column search_name does not exist",),
)
def the_baseline_can_not_read_the_new_schema(world: World) -> None:
    world.app.faults = [app.refuses_to("GET")]


@CASES.fails(
    rollback.baseline_reads_all,
    "1 of 1 acknowledged writes can't be read back from the Service; the first: person 1 (",
)
def the_baseline_does_not_see_every_row(world: World) -> None:
    world.app.rows.clear()


@CASES.fails(
    rollback.no_request_is_lost,
    " requests were lost, ",
    " such as no client may safely send again: ",
    "PUT /person",
    "500",
    evidence=("seen    ", " in rollback"),
    table=LOADED,
)
def requests_fail(world: World) -> None:
    world.app.faults = [app.fails]
    sends(world.context.app.traffic, 40)


@CASES.fails(
    rollback.down_succeeds,
    "`app down` in pod canary-down-",
    " exits with code 3",
    evidence=("what canary-down-",),
    passes_first=False,
)
def the_down_migration_fails(world: World) -> None:
    world.commands.down = lambda *_: (3, "")


@CASES.fails(
    rollback.down_succeeds,
    "waited 5 s for the down-migration to end, which did not come; last seen: pod canary-down-",
    evidence=("what canary-down-",),
    passes_first=False,
)
def the_down_migration_hangs(world: World) -> None:
    world.namespace.controllers.one_off = lambda pod: pod | {"status": {"phase": "Running"}}


@CASES.fails(
    rollback.schema_is_back,
    "`app down` exits with code 0 but the schema differs from the one before the migration: "
    "+1 column, +1 index",
    evidence=(
        "seen    it has changed nothing at all",
        "+ column public.person.search_name text",
        "+ index public.person.person_search CREATE INDEX",
    ),
    passes_first=False,
)
def the_down_migration_does_nothing(world: World) -> None:
    world.commands.down = lambda *_: (0, "nothing to do")


@CASES.fails(
    rollback.schema_is_back,
    "but the schema differs from the one before the migration: -1 column",
    evidence=("seen    it has changed -2 columns, -1 index",),
    passes_first=False,
)
def the_down_migration_removes_too_much(world: World) -> None:
    def down(release: str, database: str) -> tuple[int, str]:
        world.postgres.schemas[database] = frozenset(
            part for part in SCHEMAS["1"] if part[3] != "first_name"
        )
        return 0, ""

    world.commands.down = down


@CASES.fails(
    rollback.schema_is_back,
    "but the schema differs from the one before the migration: +1 grant, ~1 table",
    evidence=(
        "- CREATE TABLE public.person",
        "+ CREATE UNLOGGED TABLE public.person",
        "+ GRANT SELECT ON TABLE public.person TO report",
    ),
    passes_first=False,
)
def the_down_migration_leaves_what_only_pg_dump_tells(world: World) -> None:
    def line(kind: str, name: str, text: str) -> tuple[str, ...]:
        return (kind, "public", name, text, "", "")

    migrated = world.journal.migrations["candidate"]
    migrated.before |= {line("TABLE", "person", "CREATE TABLE public.person")}

    def down(release: str, database: str) -> tuple[int, str]:
        world.postgres.schemas[database] = SCHEMAS["1"] | {
            line("TABLE", "person", "CREATE UNLOGGED TABLE public.person"),
            line("ACL", "TABLE person", "GRANT SELECT ON TABLE public.person TO report"),
        }
        return 0, ""

    world.commands.down = down


@CASES.fails(
    rollback.nobody_waited,
    "the migration keeps the app waiting for 2.9 s, where 2 s are allowed: `alter table …` holds "
    "AccessExclusiveLock on public.person",
    passes_first=False,
)
def the_down_migration_locks_the_table_for_long(world: World) -> None:
    waits = wait("alter table …", "AccessExclusiveLock", "select …", "AccessShareLock")

    def down(release: str, database: str) -> tuple[int, str]:
        world.postgres.sees(waits, samples=30)
        return world.commands.take_down(release, database)

    world.commands.down = down


@CASES.fails(
    rollback.nobody_waited,
    "the migration's locks were not watched, so nothing is known of them",
    passes_first=False,
)
def nobody_can_watch_the_down_migrations_locks(world: World) -> None:
    world.postgres.watchable = False


@CASES.fails(
    rollback.baseline_works_after_it,
    "PUT /person of the Service answers with status 500, not 200",
)
def the_baseline_can_not_write_after_the_down_migration(world: World) -> None:
    world.app.faults = [app.refuses_to("PUT")]


@CASES.fails(
    rollback.nothing_is_lost_by_it,
    "1 of 1 acknowledged writes can't be read back from the Service; the first: person 1 (",
)
def the_down_migration_loses_rows(world: World) -> None:
    world.app.rows.clear()


@CASES.fails(
    rollback.no_secret_is_logged,
    "the candidate's pods log the value of DB_PASSWORD, which whoever may read their logs can read",
    evidence=("rule printed-secret", "next    let it log no settings and no connection's URL"),
    before=True,
    table={"findings": {"printed-secret": {"level": "error"}}},
)
def the_app_logs_its_settings(world: World) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]
    world.namespace.logged = lambda: f"DB_PASSWORD={password}"


@CASES.fails(
    rollback.no_secret_is_printed,
    "`app down` prints the value of DB_PASSWORD, which stays in the log of every job that runs it",
    evidence=("seen    pod canary-down-", "rule printed-secret"),
    before=True,
    table={"findings": {"printed-secret": {"level": "error"}}},
)
def the_down_migration_prints_its_settings(world: World) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]
    world.namespace.logged = lambda: f"DB_PASSWORD={password}"
