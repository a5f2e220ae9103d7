"""Canary and baseline side by side: from when to when they are asked, and where they can't be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes import app
from fakes.traffic import until
from fakes.world import GO, LOADED, NOTES, NewWorld, World

from pytest_canary import stages
from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.context import judging
from pytest_canary.context.journal import (
    CanaryOutcome,
    PreflightOutcome,
    StableOutcome,
    VerdictOutcome,
)
from pytest_canary.context.measurement import Measurement
from pytest_canary.context.sides import BASE_RATE, Sides
from pytest_canary.core.errors import ClusterError, NotApplicable, WaitTimeoutError
from pytest_canary.stages import stable, verdict

SERVICES = ["track-addressbook-canary", "track-addressbook-stable"]
MAY_NOT = "create endpointslices.discovery.k8s.io"
SILENT = {"api": NOTES, **LOADED}
"""Settings of an app that tells no version, under traffic."""


@pytest.fixture
def loaded(new_world: NewWorld) -> World:
    return new_world(**LOADED)


def services(world: World) -> list[str]:
    found = [each["metadata"]["name"] for each in world.namespace.objects("Service")]
    return sorted(name for name in found if name.startswith("track-"))


def running() -> list[str]:
    """The threads that send, and the one that follows the pods."""
    names = [thread.name for thread in threading.enumerate()]
    return sorted(name for name in names if name in ("tracks", "canary-traffic"))


def sides(world: World) -> Sides:
    found = world.context.sides
    assert found
    return found


def answered(world: World) -> dict[str, int]:
    """How many requests each has answered."""
    traffic = sides(world).traffic
    assert traffic
    found = traffic.columns(0, traffic.now())
    return {track: each.kind.count(1) for track, each in found.items()}


def measured(world: World, enough: Callable[[Measurement], bool]) -> list[tuple[Observed, ...]]:
    """What a verdict would go by, with as many requests as are enough."""
    found: list[tuple[Observed, ...]] = []

    def judge(measurement: Measurement) -> Verdict:
        until(lambda: enough(measurement))
        found.append(measurement.observed())
        return GO

    world.context.builders = replace(world.context.builders, judge=judge)
    world.rehearsal.enter("verdict")
    return found


def both(measurement: Measurement) -> bool:
    return all(len(each.requests) >= 3 for each in measurement.observed())


# From when to when.


def test_both_are_asked_once_the_canary_is_ready(loaded: World) -> None:
    loaded.enter("baseline")
    context = loaded.context
    assert (context.sides, services(loaded), running()) == (None, [], ["canary-traffic"])
    ready: list[str] = []

    def make(*given: Any, **options: Any) -> Sides:
        ready.append(context.release.ready_pod("canary")["metadata"]["name"])
        return Sides(*given, **options)

    context.builders = replace(context.builders, side_by_side=make)
    loaded.enter("canary")
    assert ready == loaded.pods("canary")
    assert services(loaded) == SERVICES
    assert running() == ["canary-traffic", "canary-traffic", "tracks"]
    until(lambda: min(answered(loaded).values()) >= 3)
    traffic = sides(loaded).traffic
    assert traffic
    assert traffic.rate == BASE_RATE
    assert traffic.losses("canary") == traffic.losses("stable") == []
    assert sides(loaded).absent == ""


def test_what_is_lost_of_it_knows_its_stage(loaded: World) -> None:
    loaded.enter("canary")
    loaded.app.faults.append(app.only("canary", app.fails))
    traffic = sides(loaded).traffic
    assert traffic
    until(lambda: bool(traffic.losses("canary")))
    loaded.context.enter_phase("migration", "migrate")
    begun = len(traffic.losses("canary"))
    until(lambda: len(traffic.losses("canary")) > begun + 1)
    first, last = traffic.losses("canary")[0], traffic.losses("canary")[-1]
    assert (first.stage, first.transition) == ("canary", "")
    assert (last.stage, last.transition) == ("migration", "migrate")
    assert traffic.losses("stable") == []


@pytest.mark.parametrize("last", ["stable", "automatic_rollback"])
def test_they_are_closed_before_the_canary_is_deleted(loaded: World, last: str) -> None:
    loaded.enter("canary")
    traffic, delete = sides(loaded).traffic, loaded.namespace.delete_deployment
    assert traffic
    there: list[object] = []

    def note(deployment: str) -> None:
        there.append((deployment, services(loaded), running(), loaded.context.sides))
        delete(deployment)

    loaded.patch.setattr(loaded.namespace, "delete_deployment", note)
    if last == "automatic_rollback":
        loaded.fail("canary")
    loaded.enter(last)
    assert there == [("addressbook-canary", [], ["canary-traffic"], None)]
    assert traffic.losses("canary") == traffic.losses("stable") == []


def test_nothing_of_them_is_left_at_the_end_of_the_walk(loaded: World) -> None:
    loaded.enter("canary")
    cleanup = stages.load("cleanup")
    for check in cleanup.applying(loaded.rehearsal.plan):
        loaded.rehearsal.check(check, cleanup)
    assert running() == []
    assert not loaded.namespace.exists()


def test_one_that_can_not_be_deleted_stops_nobody(loaded: World) -> None:
    loaded.enter("canary")

    def refuse(service: str) -> None:
        raise ClusterError("it is refused")

    loaded.patch.setattr(loaded.namespace, "delete_service", refuse)
    loaded.enter("stable")
    assert loaded.context.sides is None
    assert running() == ["canary-traffic"]


@pytest.mark.parametrize(
    ("table", "said"),
    [({}, "; no verdict, as there is no traffic"), ({"upgrade": False, **LOADED}, "")],
)
def test_where_nothing_is_judged_nobody_is_asked(
    new_world: NewWorld, table: dict[str, Any], said: str
) -> None:
    world = new_world(**table).enter("canary")
    assert (world.context.sides, services(world)) == (None, [])
    assert "tracks" not in running()
    world.rehearsal.enter("verdict")
    assert world.journal.outcome(VerdictOutcome) == VerdictOutcome()
    summary = world.rehearsal.summary()
    assert summary.endswith(said)
    assert ("no verdict" in summary) == bool(said)


def test_the_names_that_the_manifests_use_are_known(loaded: World) -> None:
    loaded.enter("baseline")
    found = loaded.journal.outcome(PreflightOutcome)
    used = replace(found.inspection, objects=(f"Service/{SERVICES[0]}",))
    loaded.journal.keep(PreflightOutcome(used))
    loaded.enter("canary")
    assert services(loaded) == [f"{SERVICES[0]}-2", SERVICES[1]]


# The verdict.


@pytest.mark.parametrize("table", [LOADED, SILENT])
def test_the_verdict_asks_both_and_knows_how_it_was_before(
    new_world: NewWorld, table: dict[str, Any]
) -> None:
    world = new_world(**table)
    (found,) = measured(world, both)
    baseline, canary = found
    assert len(baseline.requests) == pytest.approx(len(canary.requests), abs=2)
    assert baseline.requests.errors == canary.requests.errors == 0
    began = world.journal.outcome(CanaryOutcome).began
    assert began is not None
    assert baseline.before
    assert baseline.before.due[-1] < began
    assert canary.before is None
    assert world.journal.outcome(VerdictOutcome) == VerdictOutcome(GO)


def test_what_the_canary_fails_is_its_own_though_it_tells_no_version(new_world: NewWorld) -> None:
    world = new_world(**SILENT).enter("migration")
    world.app.faults.append(app.only("canary", app.breaks_the_connection))
    ((baseline, canary),) = measured(world, both)
    assert (baseline.requests.errors, canary.requests.errors) == (0, len(canary.requests))


def test_the_canary_is_watched_from_its_verdict_on(loaded: World) -> None:
    loaded.enter("canary")
    assert judging.judge_late(loaded.context) is None, "there was no verdict yet"
    loaded.enter("verdict")
    loaded.app.faults.append(app.only("canary", app.fails))
    until(lambda: bool((late := judging.judge_late(loaded.context)) and late.canary))
    late = judging.judge_late(loaded.context)
    assert late
    # The baseline's errors are those of the verdict's window.
    assert late.baseline == 0


def test_who_has_no_address_of_its_own_is_watched_by_its_header(loaded: World) -> None:
    loaded.namespace.lacking = [MAY_NOT]
    loaded.enter("verdict")
    loaded.app.faults.append(app.only("canary", app.fails))
    until(lambda: bool((late := judging.judge_late(loaded.context)) and late.canary))
    assert "told apart by the header" in "; ".join(loaded.journal.notes["verdict"])


def test_nobody_is_watched_whom_nobody_has_asked_since(loaded: World) -> None:
    loaded.enter("stable")
    loaded.journal.outcome(StableOutcome).late = None
    with pytest.raises(NotApplicable, match="nobody asked the canary after its verdict"):
        loaded.check("stable", stable.canary_stays_well)


@pytest.mark.parametrize(("most", "first"), [(75, 20), (12, 12)])
def test_a_verdict_begins_with_half_of_the_traffics_rate(
    new_world: NewWorld, most: float, first: float
) -> None:
    world = new_world(**LOADED, verdict={"rate": most}).enter("canary")
    beside = world.context.app.traffic
    asked, traffic = sides(world).asked(beside), sides(world).traffic
    assert asked
    assert traffic
    until(lambda: min(answered(world).values()) >= 1)
    asked.keep_up()
    assert traffic.rate == first
    assert beside.rate == BASE_RATE
    asked.ease()
    assert beside.rate == LOADED["traffic"]["rate"]
    assert traffic.rate == BASE_RATE


# Where they can't be asked there.


def test_without_the_right_the_header_tells_the_two_apart(loaded: World) -> None:
    loaded.namespace.lacking = [MAY_NOT]
    loaded.enter("canary")
    assert sides(loaded).absent.startswith(
        "the two versions are told apart by the header X-Release alone, as they have no addresses "
        f"of their own: you may not {MAY_NOT} in namespace canary-test; "
    )
    assert (services(loaded), running()) == ([], ["canary-traffic"])
    ((baseline, canary),) = measured(loaded, both)
    # Behind the Service, the canary gets its share of the replicas.
    assert len(baseline.requests) > len(canary.requests)
    assert baseline.before
    verdict.are_compared(loaded.context)
    verdict.is_go(loaded.context)
    assert "no verdict" not in loaded.rehearsal.summary()


def test_without_a_header_either_there_is_no_verdict_and_it_is_said(new_world: NewWorld) -> None:
    world = new_world(**SILENT)
    world.namespace.lacking = [MAY_NOT]
    world.rehearsal.enter("verdict")
    why = (
        "the two versions can't be told apart: no api.version-header is set, and they have no "
        f"addresses of their own: you may not {MAY_NOT} in namespace canary-test; pytest-canary's "
        "docs/rights has the rule"
    )
    for check in (verdict.are_compared, verdict.is_go):
        with pytest.raises(NotApplicable) as skipped:
            world.check("verdict", check)
        assert str(skipped.value) == why
    world.check("verdict", verdict.baseline_is_not_harmed)
    assert world.rehearsal.summary().endswith(f"; no verdict, as {why}")


def test_where_no_node_is_reached_it_is_said(loaded: World) -> None:
    loaded.enter("baseline")
    loaded.context.provisioned = replace(loaded.context.provisioned, cluster=None)
    loaded.enter("canary")
    assert sides(loaded).absent.endswith("no node of the cluster can be reached from here")


def test_who_were_never_side_by_side_are_not_compared(new_world: NewWorld) -> None:
    world = new_world(api=NOTES).enter("canary")
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
    assert (services(world), running()) == ([], ["canary-traffic"])
