"""What comes by chance, however seldom, or with an app's habits, is no failure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from fakes import app
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED

from pytest_canary.context.outcomes import CanaryOutcome
from pytest_canary.core.errors import CanaryError, ReleaseError
from pytest_canary.release.diagnostics import Diagnostics
from pytest_canary.stages import canary, rollback


def test_a_split_that_is_unfair_by_chance_is_counted_again(world: World) -> None:
    world.enter("canary")
    outcome = world.journal.outcome(CanaryOutcome)
    outcome.sample = Counter({"1": 171, "2": 129})  # 43 %, as seen of an honest kube-proxy

    world.check("canary", canary.share_is_fair)

    assert outcome.connections == 900
    assert outcome.share
    assert outcome.share.holds(1 / 3)


def test_a_split_that_is_fair_is_counted_once(world: World) -> None:
    world.enter("canary")
    outcome = world.journal.outcome(CanaryOutcome)
    outcome.sample = Counter({"1": 200, "2": 100})

    world.check("canary", canary.share_is_fair)

    assert outcome.connections == 300


def test_a_split_that_is_unfair_is_told_by_the_second_count(world: World) -> None:
    world.enter("canary")
    world.app.balance = lambda pods, turn: next(
        pod for pod in pods if ("canary" in pod) == (turn % 2 == 0)
    )
    world.journal.outcome(CanaryOutcome).sample = Counter({"1": 171, "2": 129})

    with pytest.raises(ReleaseError, match=r"^the canary takes 50 % of connections \(45 to 55\)"):
        world.check("canary", canary.share_is_fair)


def test_a_few_connections_that_fail_are_left_to_the_verdict(new_world: NewWorld) -> None:
    """A twentieth of all at most; `failing/canary.py` has what nobody will weigh."""
    world = new_world(**LOADED).enter("canary")
    failed: list[str] = []

    def fails(asked: app.Asked, reply: app.Reply) -> app.Reply:
        failed.append(asked.pod)
        return app.fails(asked, reply)

    world.app.faults = [app.now_and_then(fails, 30)]
    world.check("canary", canary.both_answer)
    assert len(failed) >= 10, "of 300 connections"

    world.app.faults = [app.only("canary", app.fails)]
    with pytest.raises(CanaryError, match="answers with status 500, not 200"):
        world.check("canary", canary.both_answer)


def test_a_canary_that_logs_nothing_has_its_diagnostics_all_the_same(world: World) -> None:
    world.enter("rollback")
    found = world.journal.diagnostics
    assert isinstance(found, Diagnostics)
    world.journal.diagnostics = replace(found, logs=dict.fromkeys(found.logs, ""))

    world.check("rollback", rollback.diagnostics_are_there)
