"""Where the rollback after a failure goes wrong too."""

from dataclasses import replace

from fakes import app
from fakes.objects import unready
from fakes.world import World
from fakes.world_settings import LOADED, NO_HEADER
from unit.stages.failing import Cases
from unit.stages.failing.baseline import FAILING_APPLY

from pytest_canary.context import expect
from pytest_canary.stages import automatic_rollback as automatic

CASES = Cases("automatic_rollback")


@CASES.fails(
    automatic.roll_back,
    "addressbook-stable can't be deployed: `",
    "exited with code 3",
    evidence=("apply.sh: addressbook-stable was not rolled out",),
    before=True,
)
def stable_is_gone_and_can_not_be_deployed_again(world: World) -> None:
    world.namespace.delete_deployment("addressbook-stable")
    world.script("apply.sh", FAILING_APPLY)


@CASES.fails(
    automatic.roll_back,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 2/3 ready of {baseline}, 2 wanted",
    before=True,
)
def stable_is_not_scaled_up(world: World) -> None:
    world.patch.setattr(world.namespace, "scale", lambda *_: None)


@CASES.fails(
    automatic.diagnostics_came_first,
    "no diagnostics were collected before the release was rolled back",
)
def nothing_was_collected(world: World) -> None:
    world.journal.diagnostics = None


@CASES.fails(automatic.diagnostics_came_first, "the diagnostics hold no events of addressbook")
def the_events_are_empty(world: World) -> None:
    found = world.journal.diagnostics
    assert found
    world.journal.diagnostics = replace(found, events=" \n")


@CASES.fails(
    automatic.no_secret_is_logged,
    "the candidate's pods log the value of DB_PASSWORD, which whoever may read their logs can read",
    evidence=("seen    pod {canary}, rule printed-secret",),
    before=True,
    table={"findings": {"printed-secret": {"level": "error"}}},
)
def the_canary_logged_the_connections_url(world: World) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]
    world.namespace.logged = lambda: f": can't connect to postgres://app:{password}@db:5432/app"
    # As whoever keeps a failure's evidence collects them, before anything is undone.
    world.context.release.diagnostics()


@CASES.fails(
    automatic.baseline_is_ready, "addressbook-stable 2/3 ready of {baseline}; {stable} running, not"
)
def a_pod_of_the_baseline_is_not_ready(world: World) -> None:
    world.change_pod("stable", unready)


@CASES.fails(automatic.baseline_is_ready, "addressbook-stable 0/3 ready of {baseline}; {stable} ")
def the_candidate_stays_promoted(world: World) -> None:
    world.context.release.deploy("stable", 3, world.version("candidate"))


@CASES.fails(
    automatic.canary_is_gone,
    "waited 5 s for addressbook-canary to be deleted, which did not come; last seen: "
    "Deployment addressbook-canary, pod {canary} ready",
)
def someone_deploys_a_canary_again(world: World) -> None:
    world.context.release.deploy("canary", 1, world.version("candidate"))


@CASES.fails(
    automatic.nothing_is_live,
    "addressbook-stable is still there, where nothing was live before; "
    "see what else deploys into namespace canary-test",
    first=True,
)
def someone_deploys_stable(world: World) -> None:
    world.context.release.deploy("stable", 3, world.version("candidate"))


@CASES.fails(
    automatic.service_selects,
    "Service addressbook-lb selects no pod of addressbook-stable: it selects "
    "deployment=addressbook-canary, and they have deployment=addressbook-stable",
)
def the_service_misses_the_baseline(world: World) -> None:
    world.select(deployment="addressbook-canary")


@CASES.fails(
    automatic.baseline_answers,
    "not only version 1 answers: of 300 connections some went to 2 (300); "
    "an old pod still gets traffic",
)
def the_candidate_still_answers(world: World) -> None:
    world.app.faults = [app.says("2")]


@CASES.fails(
    automatic.baseline_answers,
    "not only pods of the baseline get connections: 100 of 300 went to pod addressbook-stable-",
    "-00099 (100); an old pod still gets traffic",
    table=NO_HEADER,
)
def a_pod_of_the_candidate_gets_connections(world: World) -> None:
    world.leave_an_old_pod("candidate")


@CASES.fails(automatic.api_works, "PUT /person of the Service answers with status 500, not 200")
def the_baseline_does_not_work_any_more(world: World) -> None:
    world.app.faults = [app.fails]


@CASES.fails(
    automatic.nothing_is_lost,
    "1 of 2 acknowledged writes can't be read back from the Service; the first: person 1 (",
)
def a_row_is_lost(world: World) -> None:
    expect.write_and_read(world.context)
    del world.app.rows[0]


@CASES.fails(
    automatic.no_request_is_lost, " requests were lost, ", "PUT /person", "500", table=LOADED
)
def requests_fail_on(world: World) -> None:
    world.app.faults = [app.fails]


@CASES.fails(
    automatic.no_request_is_lost,
    " requests were lost, ",
    "got no full answer in time",
    table=LOADED | {"deadlines": {"rollout": 5, "command": 5, "request": 1}},
)
def one_request_in_many_hangs(world: World) -> None:
    world.clock.real = 0.05  # so that the wait outlasts the request
    # Of those that are awaited, whatever was sent before they were.
    world.app.faults = [app.now_and_then(app.hangs(2), 10)]


@CASES.fails(
    automatic.no_request_is_lost,
    "waited 90 s for requests after the rollback, which did not come; last seen: 0 of 0 answered",
    table=LOADED,
)
def the_traffic_has_ended(world: World) -> None:
    world.context.app.traffic.stop()
