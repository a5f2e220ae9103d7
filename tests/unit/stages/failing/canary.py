"""Where the canary does not stand beside the baseline as it should."""

from fakes import app
from fakes.objects import crashing, pod, unready
from fakes.traffic import until
from fakes.world import World
from fakes.world_settings import LOADED, NO_HEADER
from unit.stages.failing import Cases
from unit.stages.failing.baseline import FAILING_APPLY

from pytest_canary.api.writes import Writes
from pytest_canary.context import expect
from pytest_canary.stages import canary

CASES = Cases("canary")


@CASES.fails(
    canary.deploy,
    "addressbook-canary can't be deployed: `",
    "apply.sh",
    "exited with code 3",
    evidence=("apply.sh: addressbook-canary was not rolled out",),
    before=True,
)
def apply_fails(world: World) -> None:
    world.script("apply.sh", FAILING_APPLY)


@CASES.fails(
    canary.deploy,
    "the API server did not answer kubectl, so the release stopped half-way",
    evidence=("seen    The connection to the server 127.0.0.1:1 was refused",),
    before=True,
)
def the_api_server_goes_away_under_the_script(world: World) -> None:
    said = "The connection to the server 127.0.0.1:1 was refused"
    world.script("apply.sh", f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")


REFUSED = (
    'deployments.apps "shop" is forbidden: User "system:serviceaccount:canary-test:pytest-canary" '
    'cannot get resource "deployments" in API group "apps" in the namespace "production"'
)


@CASES.fails(
    canary.deploy,
    "the release names deployments.apps shop in namespace production, where nothing is rehearsed, "
    "and the API server has refused it",
    evidence=("next    leave metadata.namespace", REFUSED),
    before=True,
)
def the_template_names_another_namespace(world: World) -> None:
    world.script("apply.sh", f"#!/bin/sh\necho '{REFUSED}' >&2\nexit 1\n")


@CASES.fails(
    canary.deploy,
    "the release names deployments.apps shop in namespace production",
    before=True,
)
def the_script_hides_that_it_was_refused_something(world: World) -> None:
    world.script("apply.sh", f"{world.apply.read_text()}echo '{REFUSED}' >&2\n")


@CASES.fails(
    canary.deploy,
    "waited 5 s for 1/1 of addressbook-canary, which did not come; last seen: "
    "addressbook-canary 0/1 ready of {candidate}; ",
    "{canary} running, not ready",
    before=True,
)
def the_candidate_never_becomes_ready(world: World) -> None:
    world.namespace.controllers.sick = unready


@CASES.fails(
    canary.deploy,
    "GET /all of pod {canary} answers without the header X-Release",
    before=True,
)
def the_candidate_tells_no_version(world: World) -> None:
    world.app.faults = [app.only("canary", app.tells_no_version)]


@CASES.fails(
    canary.canary_is_ready,
    "waited 5 s for 1/1 of addressbook-canary, which did not come; last seen: "
    "addressbook-canary 0/1 ready of {candidate}; {canary} CrashLoopBackOff",
)
def the_canary_crashes_later(world: World) -> None:
    world.change_pod("canary", crashing)


@CASES.fails(
    canary.canary_is_ready,
    "addressbook-canary 0/1 ready of {candidate}; {canary} ready",
)
def the_canary_runs_the_baselines_image(world: World) -> None:
    world.change_pod(
        "canary", lambda it: it["spec"]["containers"][0].update(image="addressbook:111111111111")
    )


@CASES.fails(canary.canary_is_ready, "last seen: there is no Deployment addressbook-canary")
def someone_deletes_the_canary(world: World) -> None:
    world.namespace.delete_deployment("addressbook-canary")


@CASES.fails(
    canary.stable_is_ready,
    "waited 5 s for 2/2 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 3/2 ready of {baseline}, 3 wanted",
)
def someone_scales_stable_up(world: World) -> None:
    world.namespace.scale("addressbook-stable", 3)


@CASES.fails(
    canary.stable_is_ready, "addressbook-stable 1/2 ready of {baseline}; {stable} running, not"
)
def a_stable_pod_is_not_ready(world: World) -> None:
    world.change_pod("stable", unready)


@CASES.fails(
    canary.service_selects,
    "Service addressbook-lb selects no pod of addressbook-canary: it selects "
    "deployment=addressbook-stable, and they have deployment=addressbook-canary",
)
def the_service_misses_the_canary(world: World) -> None:
    world.select(deployment="addressbook-stable")


@CASES.fails(
    canary.service_selects,
    "Service addressbook-lb to send connections to addressbook-canary only",
    "last seen: {stable} gets connections too",
    first=True,
)
def there_is_a_stable_pod_in_a_first_release(world: World) -> None:
    world.context.release.deploy("stable", 1, world.version("candidate"))


@CASES.fails(
    canary.versions_differ,
    "candidate and baseline both say that they are version 1; "
    "build the version into each image, as api.version-header is to tell them apart",
    before=True,
)
def both_say_the_same_version(world: World) -> None:
    world.app.faults = [app.says("1")]


@CASES.fails(
    canary.both_answer,
    "version 2 answered none of 300 connections; answered by 1 (300); "
    "see whether the Service selects its pods",
)
def every_connection_goes_to_stable(world: World) -> None:
    world.app.balance = lambda pods, _: next(pod for pod in pods if "stable" in pod)


@CASES.fails(
    canary.both_answer,
    "others than the versions 1 and 2 answer: 0.9 (100), 1 (100), 2 (100); "
    "see which pods the Service selects",
)
def a_third_version_answers(world: World) -> None:
    first = world.pods("stable")[0]
    world.app.faults = [app.only(first, app.says("0.9"))]


@CASES.fails(canary.both_answer, "GET /all of the Service answers with status 500, not 200")
def a_connection_fails(world: World) -> None:
    world.app.faults = [app.only("canary", app.fails)]


@CASES.fails(canary.both_answer, "GET /all of the Service answers with status 500, not 200")
def some_connections_fail_and_no_verdict_will_weigh_them(world: World) -> None:
    world.app.faults = [app.now_and_then(app.fails, 30)]


@CASES.fails(
    canary.both_answer,
    "none of 300 connections went to canary pods; they went to stable pods (300); "
    "see whether the Service selects its pods",
    table=NO_HEADER,
)
def no_connection_goes_to_the_canary(world: World) -> None:
    every_connection_goes_to_stable(world)


@CASES.fails(
    canary.both_answer,
    "others than canary and stable pods get connections: 300 went to stable pods (100), "
    "canary pods (100), pod stranger (100); see which pods the Service selects",
    table=NO_HEADER,
)
def another_pod_gets_connections(world: World) -> None:
    stranger = pod(world.namespace.deployment("addressbook-stable") or {}, 98)
    stranger["metadata"] |= {"name": "stranger", "ownerReferences": []}
    world.namespace.put(stranger)
    canary, stable = world.pods("canary")[0], world.pods("stable")[0]
    world.app.balance = lambda _, turn: (canary, stable, "stranger")[turn % 3]


@CASES.fails(
    canary.both_answer,
    "GET /all of the Service answers with status 500, not 200",
    table=NO_HEADER,
)
def a_connection_fails_that_nobody_claims(world: World) -> None:
    world.app.faults = [app.only("canary", app.fails)]


def one_in(turns: int) -> app.Balance:
    """The canary gets every so manieth connection."""
    return lambda pods, turn: next(
        pod for pod in pods if ("canary" in pod) == (turn % turns == turns - 1)
    )


@CASES.fails(
    canary.share_is_fair,
    "the canary takes 20 % of connections (16 to 25), where 1 of 3 replicas make 33 %; "
    "see the Service's sessionAffinity, and which pods it selects",
)
def the_canary_gets_too_few(world: World) -> None:
    world.app.balance = one_in(5)


@CASES.fails(
    canary.share_is_fair,
    "the canary takes 50 % of connections (45 to 55), where 1 of 3 replicas make 33 %",
)
def the_canary_gets_too_many(world: World) -> None:
    world.app.balance = one_in(2)


@CASES.fails(
    canary.share_is_fair,
    "the canary takes 20 % of connections (16 to 25): 180 of 900 went to canary pods, where 1 of 3 "
    "replicas make 33 %; see the Service's sessionAffinity, and which pods it selects",
    table=NO_HEADER,
)
def the_node_counts_too_few(world: World) -> None:
    world.app.balance = one_in(5)


@CASES.fails(
    canary.canary_works,
    "PUT /person of pod {canary} answers with status 500, not 200",
    evidence=("column search_name does not exist",),
)
def the_canary_does_not_know_the_old_schema(world: World) -> None:
    world.app.faults = [app.only("canary", app.fails)]


@CASES.fails(
    canary.canary_works,
    "no pod of addressbook-canary is ready, so nothing can be asked of one; 1 are there",
)
def no_canary_is_ready(world: World) -> None:
    world.change_pod("canary", unready)


@CASES.fails(
    canary.stable_works,
    "PUT /person got no answer from pod {stable} at http://127.0.0.1:{port}/api/v1/namespaces/"
    "canary-test/pods/{stable}:3000/proxy: ",
    "closed connection without response",
)
def the_baseline_does_not_answer_any_more(world: World) -> None:
    world.app.faults = [app.only("stable", app.breaks_the_connection)]


@CASES.fails(
    canary.nothing_is_lost,
    "1 of 3 acknowledged writes can't be read back from the Service; the first: person 1 (",
    " Canary) is missing; look for a write that is acknowledged before it is stored, for a read "
    "that leaves it out, and for what has removed or doubled it since",
    evidence=("person 1 (",),
)
def a_row_is_lost(world: World) -> None:
    for _ in range(2):
        expect.write_and_read(world.context)
    del world.app.rows[0]


@CASES.fails(
    canary.nothing_is_lost,
    "2 of 4 acknowledged writes can't be read back from the Service; the first: person 1 (",
    "is there ",
    evidence=("person 1 (", "person 3 ("),
)
def rows_are_doubled(world: World) -> None:
    for _ in range(3):
        expect.write_and_read(world.context)
    world.app.rows += [world.app.rows[0], world.app.rows[2]]


@CASES.fails(
    canary.nothing_is_lost,
    "nothing was written, so nothing can be said about the data; "
    "leave the checks that write in the run",
)
def nothing_was_written(world: World) -> None:
    world.journal.writes = Writes()


@CASES.fails(
    canary.no_request_is_lost,
    " requests were lost, ",
    " such as no client may safely send again: ",
    "PUT /person",
    "500",
    evidence=("seen    ", " in canary"),
    table=LOADED,
)
def requests_fail(world: World) -> None:
    world.clock.time += 60  # since the canary's deployment stopped one of stable's pods
    # The canary is on trial; what it fails at is the verdict's matter.
    world.app.balance = lambda pods, _: max(pods, key=lambda pod: "stable" in pod)
    world.app.faults = [app.fails]
    until(lambda: len(list(world.context.app.traffic.losses())) >= 40)


@CASES.fails(
    canary.no_request_is_lost,
    " requests were lost, ",
    "500",
    evidence=(
        "likely  the live version loses some by itself: ",
        " requests before the canary came, which are too few to tell",
        "next    mend it; until that is live, only a walk that compares with nothing can pass",
    ),
    before=True,
    table=LOADED,
)
def the_live_version_fails_by_itself(world: World) -> None:
    world.app.faults = [app.fails]
    traffic = world.context.app.traffic
    until(lambda: traffic.lost > 0)
    world.app.faults = []


@CASES.fails(
    canary.no_secret_is_printed,
    "apply.sh prints the value of DB_PASSWORD, which stays in the log of every job that runs it",
    evidence=("seen    apply.sh, rule printed-secret", "next    let it print no rendered manifest"),
    before=True,
    table={"findings": {"printed-secret": {"level": "error"}}},
)
def the_script_prints_what_it_applies(world: World) -> None:
    world.script("apply.sh", f'{world.apply.read_text()}echo "value: $DB_PASSWORD"\n')
