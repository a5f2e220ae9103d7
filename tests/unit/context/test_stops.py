"""What the live version loses as its own pods stop: it is told, and fails no release."""

from __future__ import annotations

import math
import re

import pytest
from fakes import app
from fakes.objects import terminating
from fakes.traffic import until
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED
from unit.traffic.test_exchange import exchange

from pytest_canary.context.stops import losses_during, lost_by_baseline
from pytest_canary.core.errors import FoundError, WaitTimeoutError
from pytest_canary.stages import canary, stable, verdict
from pytest_canary.traffic.exchange import Exchange, Kind


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """One whose canary was deployed."""
    return new_world(**LOADED).enter("canary")


def loses(world: World, *stopping: str) -> None:
    """Let requests be lost while the first pods of these tracks stop."""
    traffic = world.context.app.traffic
    world.clock.time += 60  # since the canary's deployment stopped one
    begun, lost = traffic.now(), traffic.lost
    pods = [world.pods(track)[0] for track in stopping]
    for track in stopping:
        world.change_pod(track, terminating)
    world.app.faults = [app.breaks_the_connection]
    until(lambda: traffic.lost >= lost + 3)
    world.app.faults = []
    until(lambda: not traffic.since(begun).in_flight)
    # The walk's clock stands still unless somebody sleeps.
    world.clock.time += traffic.now() - begun
    for pod in pods:
        world.namespace.drop("Pod", pod)


def test_it_is_told_and_fails_nothing(world: World) -> None:
    loses(world, "stable")
    world.check("canary", canary.no_request_is_lost)
    note, warned = world.journal.line("canary")[-2:]
    assert re.fullmatch(r"[0-9,]+ requests, [0-9]+ lost", note)
    assert not note.endswith(", 0 lost")
    assert warned == "1 warning: baseline-stops-badly"
    (told,) = world.journal.warnings
    assert told.finding.sentence.startswith("the live version stops badly: ")
    assert " requests went along with a pod of it: " in told.finding.sentence
    assert "SIGTERM" in told.finding.likely
    # Later checks look at all that was lost so far, and it is told once.
    verdict.baseline_is_not_harmed(world.context)
    stable.no_request_is_lost(world.context)
    assert world.journal.warnings == [told]


@pytest.mark.parametrize(
    ("stopping", "table"),
    [
        ((), {}),
        (("canary",), {}),
        # Nobody can tell whose they are.
        (("stable", "canary"), {}),
        (("stable",), {"findings": {"baseline-stops-badly": {"level": "error"}}}),
    ],
)
def test_what_may_be_the_candidates_or_must_not_be_fails(
    new_world: NewWorld, stopping: tuple[str, ...], table: dict[str, object]
) -> None:
    world = new_world(**LOADED, **table).enter("canary")
    loses(world, *stopping)
    with pytest.raises(FoundError) as failure:
        world.check("canary", canary.no_request_is_lost)
    told = failure.value.sentence
    assert ("the live version stops badly" if table else " requests were lost, ") in told
    assert world.journal.warnings == []


def test_a_baseline_that_stops_badly_has_ended_before_the_canary_is_told_to(world: World) -> None:
    """Of two that stop at once, nobody could tell whose the losses are."""
    stable.judge_to_the_end(world.context)
    loses(world, "stable")
    world.check("canary", canary.no_request_is_lost)
    world.leave_an_old_pod("baseline")
    with pytest.raises(WaitTimeoutError, match="for the end of the pods that were told to end"):
        stable.judge_to_the_end(world.context)


def test_in_a_promotion_it_takes_proof_that_the_live_version_does_so(world: World) -> None:
    """The candidate's pods start at the same moments, and may be what loses them."""
    world.change_pod("stable", terminating)
    now = world.context.app.traffic.now()
    before, between, later = (
        exchange(Kind.RESET, due=now, stage=stage) for stage in ("canary", "migration", "stable")
    )
    assert lost_by_baseline(world.context, [later]) == []
    assert lost_by_baseline(world.context, [before, between, later]) == [before, later]


@pytest.mark.parametrize(
    ("lost", "own"),
    [
        (exchange(Kind.CLOSED, "PUT", stage="canary"), True),
        (exchange(Kind.SERVER_ERROR, stage="canary", version="1", status=503), True),
        (exchange(Kind.SERVER_ERROR, stage="canary", version="2", status=503), False),
        (exchange(Kind.RESET, stage="canary", version="2"), False),
        # Nobody says who answered so, or who did not answer at all.
        (exchange(Kind.SERVER_ERROR, stage="canary", status=503), False),
        (exchange(Kind.TIMEOUT, stage="canary"), False),
    ],
)
def test_what_a_stopping_pod_takes_along(world: World, lost: Exchange, own: bool) -> None:
    world.change_pod("stable", terminating)
    lost = exchange(**{**vars(lost), "due": world.context.app.traffic.now()})
    assert lost_by_baseline(world.context, [lost]) == [lost] * own


def test_a_first_release_has_no_live_version(new_world: NewWorld) -> None:
    world = new_world(upgrade=False, **LOADED).enter("stable")
    lost = exchange(Kind.RESET, due=world.context.app.traffic.now(), stage="canary")
    assert lost_by_baseline(world.context, [lost]) == []


@pytest.mark.parametrize(
    ("due", "seconds", "meets"),
    [(9.0, 0.5, False), (9.0, 1.0, True), (11.0, 0.1, True), (12.0, 9, True), (12.1, 0.1, False)],
)
def test_a_request_is_under_way_from_when_it_was_due(
    due: float, seconds: float, meets: bool
) -> None:
    lost = exchange(Kind.RESET, due=due, seconds=seconds)
    assert losses_during([lost], [(10, 12)], []) == [lost] * meets
    assert losses_during([lost], [(0, math.inf)], [(10, 12)]) == [lost] * (not meets)
