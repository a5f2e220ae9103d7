"""Where one of the versions goes wrong on the new schema."""

from fakes import app
from fakes.objects import crashing
from fakes.world import World
from unit.stages.failing import Cases

from pytest_canary.stages import migration

CASES = Cases("migration")


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
    "is missing; look for a write that is acknowledged before it is stored, for a read that "
    "leaves it out, and for what has removed or doubled it since",
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
