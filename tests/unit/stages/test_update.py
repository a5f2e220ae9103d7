"""An update without a canary: what is made when, and what a failure leads to."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from fakes.engine import IMAGES
from fakes.objects import unready
from fakes.traffic import until
from fakes.world import NewWorld, World
from fakes.world_settings import INIT, JOB, LOADED, NO_CANARY

from pytest_canary import stages
from pytest_canary.context import judging
from pytest_canary.context.outcomes import CanaryOutcome, StableOutcome, UpdateOutcome
from pytest_canary.core.errors import CanaryError, NotApplicable
from pytest_canary.k8s.objects import images
from pytest_canary.stages import automatic_rollback, canary, stable, verdict

ALONE: dict[str, Any] = {"replicas": {"canary": 0}}


def runs(world: World) -> set[str]:
    """The images that stable is to run."""
    found = world.namespace.deployment("addressbook-stable")
    assert found
    return images(found["spec"]["template"])


def test_the_canary_is_not_walked_and_it_is_said_why(new_world: NewWorld) -> None:
    world = new_world(**NO_CANARY).enter("canary")
    with pytest.raises(NotApplicable) as reason:
        world.check("canary", canary.canary_is_ready)
    assert str(reason.value) == (
        "there is no canary, as replicas.canary is 0: the baseline is updated as a whole"
    )
    assert world.namespace.deployment("addressbook-canary") is None
    assert runs(world) == {IMAGES["baseline"]}


@pytest.mark.parametrize(
    ("table", "stage"),
    [(NO_CANARY, "verdict"), (JOB | ALONE, "verdict"), (INIT | ALONE, "migration")],
    ids=["nothing migrates", "a Job", "an init container"],
)
def test_the_update_is_made_with_what_migrates_along_or_before_its_verdict(
    new_world: NewWorld, table: dict[str, Any], stage: str
) -> None:
    world = new_world(**table)
    order = ("migration", "verdict", "stable")
    for each in order:
        world.enter(each)
        made = order.index(each) >= order.index(stage)
        assert (world.journal.find(UpdateOutcome) is not None) == made
        assert runs(world) == {IMAGES["candidate" if made else "baseline"]}
    rollouts = world.journal.outcome(StableOutcome).rollouts
    assert [each.fresh for each in rollouts][-1] == 3
    assert world.namespace.deployment("addressbook-canary") is None


def test_nobody_is_to_lose_a_request_where_everybody_has_the_candidate(
    new_world: NewWorld,
) -> None:
    world = new_world(**NO_CANARY | LOADED).enter("verdict")
    assert world.journal.on_trial == []
    world.check("verdict", verdict.no_request_is_lost)
    assert world.journal.outcome(CanaryOutcome).began is not None


def test_the_baseline_is_asked_before_the_update_and_nobody_after_its_verdict(
    new_world: NewWorld,
) -> None:
    world = new_world(**NO_CANARY | LOADED).enter("baseline")
    asked = world.context.comparing.in_turn
    assert asked
    until(lambda: asked.alone is not None)
    world.enter("migration")
    assert len(asked.baseline)
    world.enter("stable")
    assert world.context.comparing.in_turn is None
    with pytest.raises(NotApplicable, match=r"^nobody has asked the baseline before"):
        judging.judge_update(world.context)


@pytest.mark.parametrize("failed", ["migration", "verdict", "stable"])
def test_a_failure_after_the_update_brings_the_baseline_back(
    new_world: NewWorld, failed: str
) -> None:
    world = new_world(**INIT | ALONE).enter(failed)
    world.fail(failed)
    assert runs(world) == {IMAGES["candidate"]}
    world.roll_back()
    assert runs(world) == {IMAGES["baseline"]}
    world.check("automatic_rollback", automatic_rollback.baseline_is_ready)


def test_an_update_that_does_not_come_up_is_rolled_back(new_world: NewWorld) -> None:
    world = new_world(**NO_CANARY).enter("migration")
    world.namespace.controllers.sick = unready
    with pytest.raises(CanaryError, match=r"^waited 5 s for 3/3 of addressbook-stable"):
        world.check("verdict", verdict.candidate_is_ready)
    world.fail("verdict")
    world.namespace.controllers.sick = lambda made: made
    world.roll_back()
    world.check("automatic_rollback", automatic_rollback.baseline_is_ready)


def test_after_a_go_the_walk_takes_the_update_back(new_world: NewWorld) -> None:
    world = new_world(**NO_CANARY | LOADED).enter("rollback")
    assert runs(world) == {IMAGES["candidate"]}
    found = stages.load("rollback")
    for each in found.checks_for(world.rehearsal.plan):
        with contextlib.suppress(NotApplicable):
            world.rehearsal.check(each, found)
    assert runs(world) == {IMAGES["baseline"]}
    assert "3/3 of release 1" in "; ".join(world.journal.notes["rollback"])


def test_what_is_about_a_canary_is_not_asserted_of_its_promotion(new_world: NewWorld) -> None:
    plan = new_world(**NO_CANARY | LOADED).rehearsal.plan
    asserted = {each.function for each in stages.load("stable").checks_for(plan)}
    assert not asserted & {
        stable.canary_is_gone,
        stable.canary_stays_well,
        stable.canary_ended_by_itself,
    }
    assert stable.stays_available in asserted
