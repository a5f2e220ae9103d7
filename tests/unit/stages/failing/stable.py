"""Where the promotion goes wrong."""

import time
from dataclasses import replace

from fakes import app
from fakes.objects import Object, pod, terminating, unready
from fakes.observed import requests
from fakes.world import LOADED, World
from unit.stages.failing import Cases
from unit.stages.failing.baseline import FAILING_APPLY

from pytest_canary.analysis.late import judge_late
from pytest_canary.context.journal import StableOutcome
from pytest_canary.stages import stable
from pytest_canary.traffic import Kind

CASES = Cases("stable")


@CASES.fails(
    stable.is_promoted,
    "addressbook-stable can't be deployed: `",
    "exited with code 3",
    evidence=("apply.sh: addressbook-stable was not rolled out",),
    before=True,
)
def apply_fails(world: World) -> None:
    world.script("apply.sh", FAILING_APPLY)


@CASES.fails(
    stable.is_promoted,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 0/3 ready of {candidate}; ",
    "{stable} running, not ready",
    before=True,
)
def the_candidates_pods_never_become_ready(world: World) -> None:
    world.namespace.sick = unready


@CASES.fails(
    stable.is_promoted,
    "waited 5 s for addressbook-canary to be gone, which did not come; last seen: "
    "pod {canary} terminating",
    before=True,
)
def the_canary_does_not_go(world: World) -> None:
    def leave(name: str) -> None:
        world.namespace.drop("Deployment", name)
        world.change_pod("canary", terminating)

    world.patch.setattr(world.namespace, "delete_deployment", leave)


@CASES.fails(
    stable.is_ready,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 2/3 ready of {candidate}; {stable} running, not ready",
)
def a_pod_is_not_ready_any_more(world: World) -> None:
    world.change_pod("stable", unready)


@CASES.fails(stable.is_ready, "addressbook-stable 0/3 ready of {candidate}; ", " ready, ")
def someone_deploys_the_baseline_again(world: World) -> None:
    world.context.release.deploy("stable", 3, world.version("baseline"))


@CASES.fails(
    stable.rollout_is_seen,
    "the promotion rolled nothing out: 2 of its pods ran this image before; "
    "see that apply.sh puts the image into the template, and that the image is a new one",
    evidence=("2/3, 3/3",),
    before=True,
)
def stable_ran_the_candidate_before(world: World) -> None:
    world.context.release.deploy("stable", 3, world.version("candidate"))
    world.context.release.scale("stable", 2)


@CASES.fails(
    stable.rollout_is_seen,
    "the rollout to 3 replicas was not seen to end: addressbook-stable: 2/3 of the new template",
    evidence=("0/3, 1/3, 2/3",),
)
def the_rollout_stops_half_way(world: World) -> None:
    steps = world.journal.outcome(StableOutcome).rollouts
    half = next(i for i, step in enumerate(steps) if step.fresh == 3)
    del steps[half:]
    steps.append(replace(steps[-1], updated=2))


@CASES.fails(
    stable.rollout_is_seen,
    "the rollout to 3 replicas was not seen to end: addressbook-stable: 2/2 available, 2 ready",
)
def the_rollout_is_to_fewer_replicas(world: World) -> None:
    last = world.journal.outcome(StableOutcome).rollouts[-1]
    fewer = replace(last, wanted=2, updated=2, total=2, ready=2, available=2, fresh=2)
    world.journal.outcome(StableOutcome).rollouts.append(fewer)


@CASES.fails(
    stable.rollout_is_seen,
    "the rollout to 3 replicas was not seen to end: no rollout at all; "
    "see what else changes the Deployment",
)
def no_rollout_was_seen(world: World) -> None:
    world.journal.outcome(StableOutcome).rollouts.clear()


@CASES.fails(
    stable.stays_available,
    "addressbook-stable fell to 1 available replicas, where its strategy allows 2 of 3; "
    "pods went before others were ready",
)
def pods_go_before_others_are_ready(world: World) -> None:
    steps = world.journal.outcome(StableOutcome).rollouts
    steps[-2] = replace(steps[-2], available=1)


@CASES.fails(
    stable.stays_available,
    "addressbook-stable fell to 0 available replicas, where its strategy allows 1 of 2; "
    "it was deleted or scaled to 0 on the way; let apply.sh change it as it stands",
    before=True,
)
def apply_deletes_it_and_makes_it_anew(world: World) -> None:
    roll_out = world.namespace.roll_out

    def replace_by_force(deployment: Object) -> None:
        world.namespace.delete_deployment(deployment["metadata"]["name"])
        roll_out(deployment)

    world.patch.setattr(world.namespace, "roll_out", replace_by_force)


@CASES.fails(
    stable.stays_available,
    "no rollout was seen, so nothing is known of its availability; "
    "see that apply.sh changes the Deployment",
)
def nothing_is_known_of_the_rollout(world: World) -> None:
    world.journal.outcome(StableOutcome).rollouts.clear()


@CASES.fails(
    stable.canary_is_gone,
    "waited 5 s for addressbook-canary to be gone, which did not come; last seen: "
    "Deployment addressbook-canary, pod {canary} ready",
)
def someone_deploys_a_canary_again(world: World) -> None:
    world.context.release.deploy("canary", 1, world.version("candidate"))


@CASES.fails(stable.canary_is_gone, "last seen: pod addressbook-canary-", " terminating")
def a_canary_pod_is_terminating_for_ever(world: World) -> None:
    world.context.release.deploy("canary", 1, world.version("candidate"))
    left = terminating(pod(world.namespace.deployment("addressbook-canary") or {}, 99))
    world.namespace.delete_deployment("addressbook-canary")
    world.namespace.put(left)


@CASES.fails(
    stable.service_selects,
    "waited 5 s for Service addressbook-lb to send connections to addressbook-stable only, "
    "which did not come; last seen: {canary} gets connections too; compare",
)
def a_canary_gets_connections(world: World) -> None:
    world.context.release.deploy("canary", 1, world.version("candidate"))


@CASES.fails(
    stable.candidate_answers,
    "not only version 2 answers: of 300 connections some went to 1 (100); "
    "an old pod still gets traffic",
)
def an_old_pod_answers(world: World) -> None:
    world.app.faults = [app.only(world.pods("stable")[0], app.says("1"))]


@CASES.fails(
    stable.api_works,
    "PUT /person of the Service answers with status 503, not 200",
    evidence=("too many connections",),
)
def the_database_has_too_many_clients(world: World) -> None:
    world.app.faults = [app.answers("/person", "too many connections", 503)]


@CASES.fails(
    stable.other_requests,
    "GET /ready of the Service answers without 'true'",
    evidence=("GET /ready -> 200",),
)
def another_request_answers_otherwise(world: World) -> None:
    world.app.faults = [app.answers("/ready", "yes")]


@CASES.fails(
    stable.nothing_is_lost,
    "1 of 1 acknowledged writes can't be read back from the Service; the first: person 1 (",
)
def the_promotion_loses_rows(world: World) -> None:
    world.app.rows.clear()


@CASES.fails(
    stable.no_request_is_lost,
    " requests were lost, ",
    " such as no client may safely send again: ",
    "PUT /person",
    "500",
    evidence=("seen    ", " in stable"),
    table=LOADED,
)
def requests_fail(world: World) -> None:
    world.app.faults = [app.fails]
    begun = world.context.app.traffic.sent
    while world.context.app.traffic.sent < begun + 40:
        time.sleep(0.01)


@CASES.fails(
    stable.no_request_is_lost,
    "the load generator could not keep up in stable: 30 of ",
    " requests were not sent, so nobody knows whether they would have been lost; lower "
    "traffic.rate, which is 40, or free the machine",
    evidence=("30 not sent, as their time had passed",),
    table=LOADED,
)
def the_generator_was_held_up(world: World) -> None:
    traffic = world.context.app.traffic
    while traffic.sent <= 30:
        time.sleep(0.01)
    traffic.stop()
    for _ in range(30):
        traffic.ledger.open(Kind.LATE)


@CASES.fails(
    stable.canary_stays_well,
    "after its verdict 100 of 400 requests to the canary failed (25.0 %), and 0 of 400 to the "
    "baseline until then (0.0 %); it is ",
    " points more, and 1.5 points is too much",
    table=LOADED,
)
def the_canary_fails_after_its_verdict(world: World) -> None:
    late = judge_late(requests(400), requests(400, errors=100), world.settings.verdict)
    world.journal.outcome(StableOutcome).late = late
