"""Where the promotion goes wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fakes import app
from fakes.objects import Object, killed, pod, terminating, unready
from fakes.observed import requests, spread
from fakes.traffic import sends, until
from fakes.verdicts import holding
from fakes.world import World
from fakes.world_settings import LOADED, NO_HEADER
from unit.stages.failing import Cases
from unit.stages.failing.baseline import FAILING_APPLY

from pytest_canary.analysis.late import Afterwards, judge_late
from pytest_canary.context.outcomes import StableOutcome
from pytest_canary.stages import stable
from pytest_canary.traffic import Kind

CASES = Cases("stable")


@CASES.fails(
    stable.promote,
    "addressbook-stable can't be deployed: `",
    "exited with code 3",
    evidence=("apply.sh: addressbook-stable was not rolled out",),
    before=True,
)
def apply_fails(world: World) -> None:
    world.script("apply.sh", FAILING_APPLY)


@CASES.fails(
    stable.promote,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 0/3 ready of {candidate}; ",
    "{stable} running, not ready",
    before=True,
)
def the_candidates_pods_never_become_ready(world: World) -> None:
    world.namespace.controllers.sick = unready


@CASES.fails(
    stable.candidate_is_ready,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 2/3 ready of {candidate}; {stable} running, not ready",
)
def a_pod_is_not_ready_any_more(world: World) -> None:
    world.change_pod("stable", unready)


@CASES.fails(stable.candidate_is_ready, "addressbook-stable 0/3 ready of {candidate}; ", " ready, ")
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
    roll_out = world.namespace.controllers.roll_out

    def replace_by_force(deployment: Object) -> None:
        world.namespace.delete_deployment(deployment["metadata"]["name"])
        roll_out(deployment)

    world.patch.setattr(world.namespace.controllers, "roll_out", replace_by_force)


@CASES.fails(
    stable.stays_available,
    "no rollout was seen, so nothing is known of its availability; "
    "see that apply.sh changes the Deployment",
)
def nothing_is_known_of_the_rollout(world: World) -> None:
    world.journal.outcome(StableOutcome).rollouts.clear()


@CASES.fails(
    stable.canary_is_gone,
    "waited 5 s for addressbook-canary to be deleted, which did not come; last seen: "
    "Deployment addressbook-canary, pod {canary} ready",
)
def someone_deploys_a_canary_again(world: World) -> None:
    world.context.release.deploy("canary", 1, world.version("candidate"))


def leave_a_pod(world: World, change: Callable[[Object], Object] = lambda left: left) -> None:
    """Let a pod of the canary stay when its Deployment goes."""
    world.context.release.deploy("canary", 1, world.version("candidate"))
    left = change(pod(world.namespace.deployment("addressbook-canary") or {}, 99))
    world.namespace.delete_deployment("addressbook-canary")
    world.namespace.put(left)


@CASES.fails(stable.canary_is_gone, "last seen: pod addressbook-canary-", "-00099 ready")
def a_canary_pod_is_not_told_to_end(world: World) -> None:
    leave_a_pod(world)


@CASES.fails(
    stable.canary_ended_by_itself,
    "waited 5 s for the end of the pods that were told to end, which did not come; last seen: "
    "still running: addressbook-canary-",
    "-00099",
)
def a_canary_pod_is_terminating_for_ever(world: World) -> None:
    leave_a_pod(world, terminating)


@CASES.fails(
    stable.no_request_is_lost,
    "waited 5 s for the end of the pods that were told to end, which did not come; last seen: "
    "still running: {stable}",
    table=LOADED,
)
def a_stable_pod_is_terminating_for_ever(world: World) -> None:
    world.change_pod("stable", terminating)


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
    stable.candidate_answers,
    "not only pods of the candidate get connections: 100 of 300 went to pod addressbook-stable-",
    "-00099 (100); an old pod still gets traffic",
    table=NO_HEADER,
)
def an_old_pod_gets_connections(world: World) -> None:
    world.leave_an_old_pod("baseline")


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
    sends(world.context.app.traffic, 40)


@CASES.fails(
    stable.no_request_is_lost,
    "the load generator could not keep up in stable: 30 of ",
    " requests were not sent, so nobody knows whether they would have been lost; lower "
    "traffic.rate, which is 10, or free the machine",
    evidence=("30 not sent, as their time had passed",),
    table=LOADED,
)
def the_generator_was_held_up(world: World) -> None:
    traffic = world.context.app.traffic
    until(lambda: traffic.sent > 30)
    traffic.stop()
    for _ in range(30):
        traffic.ledger.open(Kind.LATE)


def afterwards(world: World, **seen: Any) -> None:
    """Let this have been seen between the verdict and the canary's end, and else nothing bad."""
    well = {"baseline": requests(400), "stable": requests(60), "canary": requests(60)}
    found = judge_late(Afterwards(**well | seen), world.settings.verdict, 1.0)
    world.journal.outcome(StableOutcome).late = found


@CASES.fails(
    stable.canary_stays_well,
    "after its verdict 20 of 60 requests to the canary failed (33.3 %), and 0 of 400 to the "
    "baseline until then (0.0 %); it is ",
    " points more, and 1.5 points is too much",
    evidence=("next    look at the canary's log: what it fails at comes only after a while",),
    table=LOADED,
)
def the_canary_fails_after_its_verdict(world: World) -> None:
    afterwards(world, canary=requests(60, errors=20))


@CASES.fails(
    stable.canary_stays_well,
    "after its verdict 33.3 % of the canary's answers take more than 1.0 s, 0.0 % of stable's at "
    "the same time; 20 requests to the canary not answered yet; it is ",
    table=LOADED,
)
def the_canary_hangs_after_its_verdict(world: World) -> None:
    hangs = spread(20, 60)
    seconds = [3.0 if each else 0.1 for each in hangs]
    afterwards(world, canary=requests(60, seconds=seconds, waiting=hangs))


@CASES.fails(
    stable.canary_stays_well,
    "after its verdict the canary's containers restarted once, stable's not at all",
    evidence=("next    look at the canary's log, and at its previous one where it restarted",),
    table=LOADED,
)
def the_canary_restarts_after_its_verdict(world: World) -> None:
    afterwards(world, restarts=(0, 1))


@CASES.fails(
    stable.canary_stays_well,
    "until its end a pod of the canary ",
    evidence=("next    ",),
    table=LOADED,
)
def the_canary_leaks_after_its_verdict(world: World) -> None:
    afterwards(world, memory=(holding(), holding(each_second=2e6)))


@CASES.fails(
    stable.canary_stays_well,
    "after its verdict the canary's pods lost readiness 3 times, stable's not at all",
    table=LOADED,
)
def the_canary_loses_readiness_after_its_verdict(world: World) -> None:
    afterwards(world, unready=(0, 3))


@CASES.fails(
    stable.canary_ended_by_itself,
    "the candidate's pods don't end when they are told to, by SIGTERM: they are killed 20 s later",
    evidence=(
        "seen    pod addressbook-canary-",
        "container addressbook, 1 pod killed at the end of terminationGracePeriodSeconds",
        "next    handle SIGTERM in the app",
    ),
    before=True,
    table={"findings": {"unheeded-sigterm": {"level": "error"}}},
)
def the_canary_has_to_be_killed(world: World) -> None:
    world.change_pod("canary", killed)
    world.namespace.drop("Pod", world.pods("canary")[0])
