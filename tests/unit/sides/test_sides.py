"""Canary and baseline side by side: from when to when they are asked, and where they can't be."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from fakes import app
from fakes.objects import Object
from fakes.sides import MAY_NOT, SILENT, answered, ask_alone_for_long, both, measured, sides
from fakes.tracks import SERVICES, services
from fakes.traffic import patient, until
from fakes.world import NewWorld, World
from fakes.world_settings import JUDGED

from pytest_canary import stages
from pytest_canary.context import judging
from pytest_canary.context.outcomes import CanaryOutcome, PreflightOutcome, VerdictOutcome
from pytest_canary.core.errors import ClusterError, FoundError, NotApplicable, WaitTimeoutError
from pytest_canary.sides.sides import BASE_RATE, Sides
from pytest_canary.stages import verdict
from pytest_canary.traffic import TrackTraffic
from pytest_canary.traffic.exchange import LOST
from pytest_canary.traffic.generator import Generator


def running() -> list[str]:
    """The threads that send, and those that follow the pods and their memory."""
    names = [thread.name for thread in threading.enumerate()]
    return sorted(name for name in names if name in ("tracks", "canary-traffic", "memory"))


def lost(traffic: TrackTraffic) -> dict[str, int]:
    """How many requests each has lost."""
    found = traffic.columns(0, traffic.now())
    return {track: sum(kind in LOST for kind in each.kind) for track, each in found.items()}


# From when to when.


def test_the_baseline_is_asked_alone_before_the_canary_comes(new_world: NewWorld) -> None:
    world = new_world(**JUDGED)
    ask_alone_for_long(world)
    world.enter("baseline")
    assert (services(world.namespace), sides(world).traffic) == (SERVICES, None)
    deployed: list[bool] = []

    def note(pod: Object) -> Object:
        deployed.append("baseline-alone" in [thread.name for thread in threading.enumerate()])
        return pod

    world.namespace.controllers.sick = note
    world.enter("canary")
    assert set(deployed) == {False}
    sample = sides(world).alone
    assert sample
    # Half of what the traffic has.
    assert sample.requests.due[:2].tolist() == [0.0, 0.05]
    assert sample.requests.answered.all()
    assert 0 < sample.rows <= world.journal.outcome(CanaryOutcome).rows


def test_both_are_asked_once_the_canary_is_ready(loaded: World) -> None:
    ready: list[list[str]] = []

    def note(*given: Any) -> Generator:
        release = context.release
        found = [release.ready_pod("canary") for _ in loaded.pods("canary")]
        ready.append([pod["metadata"]["name"] for pod in found])
        return patient(*given)

    context = loaded.context
    asks = partial(Sides, seconds=0.1, generate=note)
    context.builders = replace(context.builders, side_by_side=asks)
    loaded.enter("baseline")
    assert sides(loaded).traffic is None
    loaded.enter("canary")
    assert ready == [[], loaded.pods("canary")]
    assert services(loaded.namespace) == SERVICES
    assert running() == ["canary-traffic", "canary-traffic", "memory", "tracks"]
    until(lambda: min(answered(loaded).values()) >= 3)
    traffic = sides(loaded).traffic
    assert traffic
    assert traffic.rate == BASE_RATE
    assert lost(traffic) == {"stable": 0, "canary": 0}
    assert sides(loaded).absent == ""


def test_what_it_wrote_in_vain_knows_whom_it_was_sent_to_and_in_which_stage(
    new_world: NewWorld,
) -> None:
    world = new_world(traffic=JUDGED["traffic"] | {"writes": 0.5}).enter("canary")
    world.app.faults.append(app.only("canary", app.fails))

    def in_vain() -> list[str]:
        shown = [row.shown for row in world.journal.writes.unacknowledged]
        assert not any(" to stable," in each for each in shown)
        return [each for each in shown if " to canary," in each]

    until(lambda: bool(in_vain()))
    world.context.enter_phase("migration", "migrate")
    begun = len(in_vain())
    until(lambda: len(in_vain()) > begun + 1)
    assert in_vain()[0].endswith(" UTC), in canary,")
    assert in_vain()[-1].endswith(" UTC), in migration, during migrate,")


def test_the_memory_of_as_many_pods_of_each_is_watched_from_then_on(loaded: World) -> None:
    loaded.enter("canary")
    memory = loaded.context.comparing.memory
    assert memory
    assert memory.pods["canary"] == loaded.pods("canary")
    assert len(memory.pods["stable"]) == 1 < len(loaded.pods("stable"))
    ((baseline, canary),) = measured(loaded, both)
    assert baseline.memory is not None
    assert canary.memory is not None


def test_a_verdict_whose_memory_nobody_has_watched_begins_to(loaded: World) -> None:
    loaded.enter("canary")
    judging.watch_memory(loaded.context)
    assert running().count("memory") == 1, "the watch of before has ended"
    memory = loaded.context.comparing.memory
    assert memory
    memory.stop()
    loaded.context.comparing = replace(loaded.context.comparing, memory=None)
    measured(loaded, both)
    assert running().count("memory") == 1


@pytest.mark.parametrize("last", ["stable", "automatic_rollback"])
def test_they_are_closed_before_the_canary_is_deleted(loaded: World, last: str) -> None:
    loaded.enter("canary")
    traffic, delete = sides(loaded).traffic, loaded.namespace.delete_deployment
    assert traffic
    there: list[object] = []

    def note(deployment: str) -> None:
        asked = loaded.context.comparing.sides
        there.append((deployment, services(loaded.namespace), running(), asked))
        delete(deployment)

    loaded.patch.setattr(loaded.namespace, "delete_deployment", note)
    if last == "automatic_rollback":
        loaded.fail("canary")
    loaded.enter(last)
    assert there == [("addressbook-canary", [], ["canary-traffic"], None)]
    assert lost(traffic) == {"stable": 0, "canary": 0}


def test_nothing_of_them_is_left_at_the_end_of_the_walk(loaded: World) -> None:
    loaded.enter("canary")
    cleanup = stages.load("cleanup")
    for check in cleanup.checks_for(loaded.rehearsal.plan):
        loaded.rehearsal.check(check, cleanup)
    assert running() == []
    assert not loaded.namespace.exists()


def test_one_that_can_not_be_deleted_stops_nobody(loaded: World) -> None:
    loaded.enter("canary")

    def refuse(service: str) -> None:
        raise ClusterError("it is refused")

    loaded.patch.setattr(loaded.namespace, "delete_service", refuse)
    loaded.enter("stable")
    assert loaded.context.comparing.sides is None
    assert running() == ["canary-traffic"]


@pytest.mark.parametrize(
    ("table", "said"),
    [({}, "; no verdict, as there is no traffic"), ({"upgrade": False, **JUDGED}, "")],
)
def test_where_nothing_is_judged_nobody_is_asked(
    new_world: NewWorld, table: dict[str, Any], said: str
) -> None:
    world = new_world(**table).enter("canary")
    assert (world.context.comparing.sides, services(world.namespace)) == (None, [])
    assert "tracks" not in running()
    world.rehearsal.enter("verdict")
    assert world.journal.outcome(VerdictOutcome) == VerdictOutcome()
    summary = world.rehearsal.summary()
    assert summary.endswith(said)
    assert ("no verdict" in summary) == bool(said)


def test_the_names_that_the_manifests_use_are_known(loaded: World) -> None:
    loaded.enter("cluster")
    found = loaded.journal.outcome(PreflightOutcome)
    used = replace(found.inspection, objects=(f"Service/{SERVICES[0]}",))
    loaded.journal.keep(PreflightOutcome(used))
    loaded.enter("canary")
    assert services(loaded.namespace) == [f"{SERVICES[0]}-2", SERVICES[1]]


# Where they can't be asked there.


def test_without_the_right_the_header_tells_the_two_apart(loaded: World) -> None:
    loaded.namespace.lacking = [MAY_NOT]
    loaded.enter("canary")
    assert judging.absence(loaded.context).startswith(
        "the two versions are told apart by the header X-Release alone, as they have no addresses "
        f"of their own: you may not {MAY_NOT} in namespace canary-test; "
    )
    assert (services(loaded.namespace), running()) == ([], ["canary-traffic", "memory"])
    assert loaded.context.comparing.memory
    assert len(loaded.context.comparing.memory.pods["stable"]) == 2, "all have the same load"
    ((baseline, canary),) = measured(loaded, both)
    # Behind the Service, the canary gets its share of the replicas.
    assert len(baseline.requests) > len(canary.requests)
    assert baseline.before
    assert (len(baseline.before.samples), sides(loaded).alone) == (1, None)
    verdict.canary_is_compared(loaded.context)
    verdict.verdict_is_go(loaded.context)
    assert "no verdict" not in loaded.rehearsal.summary()


def test_where_the_header_alone_brings_too_few_requests_nobody_waits_for_them(
    new_world: NewWorld,
) -> None:
    replicas = {"stable": 10, "stable-during-canary": 9}
    world = new_world(**JUDGED, replicas=replicas, verdict={"seconds": 20})
    world.namespace.lacking = [MAY_NOT]
    world.rehearsal.enter("migration")
    with pytest.raises(FoundError) as failed:
        world.rehearsal.enter("verdict")
    assert failed.value.sentence == (
        "no canary can get a go: with verdict.errors = 0.015 and verdict.confidence = 0.95 that "
        "takes 253 requests to it, and verdict.seconds = 20 and traffic.rate = 40, shared with 9 "
        "pods of stable by 1 of the canary, give it 118 at most"
    )


def test_without_a_header_either_there_is_no_verdict_and_it_is_said(new_world: NewWorld) -> None:
    world = new_world(**SILENT)
    world.namespace.lacking = [MAY_NOT]
    world.rehearsal.enter("verdict")
    why = (
        "the two versions can't be told apart: no api.version-header is set, and they have no "
        f"addresses of their own: you may not {MAY_NOT} in namespace canary-test; pytest-canary's "
        "docs/rights has the rule"
    )
    for check in (verdict.canary_is_compared, verdict.verdict_is_go):
        with pytest.raises(NotApplicable) as skipped:
            world.check("verdict", check)
        assert str(skipped.value) == why
    world.check("verdict", verdict.baseline_is_not_harmed)
    assert world.rehearsal.summary().endswith(f"; no verdict, as {why}")


def test_where_no_node_is_reached_it_is_said(loaded: World) -> None:
    loaded.enter("baseline")
    loaded.context.comparing.close()
    loaded.context.provisioned = replace(loaded.context.provisioned, cluster=None)
    loaded.enter("canary")
    assert sides(loaded).absent.endswith("no node of the cluster can be reached from here")


def test_who_were_never_side_by_side_are_not_compared(new_world: NewWorld) -> None:
    world = new_world(api=app.NOTES).enter("canary")
    with pytest.raises(NotApplicable, match=r"^canary and baseline are not asked side by side$"):
        judging.judge(world.context)


def test_a_canary_that_does_not_answer_where_the_baseline_does_fails_its_stage(
    new_world: NewWorld,
) -> None:
    world = new_world(**SILENT)
    world.app.faults.append(app.only("canary", app.breaks_the_connection))
    with pytest.raises(WaitTimeoutError) as failed:
        world.enter("canary")
    assert failed.value.sentence.startswith(
        "waited 15 s for addressbook-canary to answer at an address of its own, which did not "
        f"come; last seen: it leads to {world.pods('canary')[0]}; GET /notes got no answer from "
    )
    world.fail("canary")
    world.roll_back()
    assert (services(world.namespace), running()) == ([], ["canary-traffic"])
