"""What the canary alone loses before its verdict is the verdict's; what others lose is not."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import app
from fakes.sides import sides
from fakes.traffic import until
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED, NO_HEADER

from pytest_canary.core.errors import FoundError
from pytest_canary.stages import canary
from pytest_canary.traffic.exchange import LOST

# Who answered is unknown where no header tells, and where nothing was answered.
UNKNOWN = [
    pytest.param(NO_HEADER | LOADED, app.fails, id="no header"),
    pytest.param(LOADED, app.breaks_the_connection, id="no answer"),
]


def lost_at(world: World, track: str) -> int:
    """How many requests have been lost at a track's own address."""
    traffic = sides(world).traffic
    assert traffic
    return sum(kind in LOST for kind in traffic.columns(0, traffic.now())[track].kind)


def on_trial(new_world: NewWorld, table: dict[str, Any]) -> World:
    """A canary on trial, long after a pod of stable's was stopped for it."""
    world = new_world(**table).enter("canary")
    world.clock.time += 60
    return world


@pytest.mark.parametrize(("table", "fault"), UNKNOWN)
def test_what_it_alone_loses_is_left_to_the_verdict(
    new_world: NewWorld, table: dict[str, Any], fault: app.Fault
) -> None:
    world = on_trial(new_world, table)
    world.app.faults = [app.only("canary", fault)]
    until(lambda: lost_at(world, "canary") > 0 and world.context.app.traffic.lost > 3)
    world.check("canary", canary.no_request_is_lost)
    assert lost_at(world, "stable") == 0
    assert world.journal.notes["canary"][-1].endswith(" lost")


@pytest.mark.parametrize(("table", "fault"), UNKNOWN)
@pytest.mark.parametrize("who", ["stable", ""])
def test_what_others_lose_is_told(
    new_world: NewWorld, table: dict[str, Any], fault: app.Fault, who: str
) -> None:
    world = on_trial(new_world, table)
    world.app.faults = [app.only(who, fault)]
    until(lambda: lost_at(world, "stable") > 0 and world.context.app.traffic.lost > 3)
    with pytest.raises(FoundError, match=" requests were lost, "):
        world.check("canary", canary.no_request_is_lost)


def test_what_ends_otherwise_than_the_canarys_own_is_told(new_world: NewWorld) -> None:
    world = on_trial(new_world, NO_HEADER | LOADED)
    world.app.faults = [app.only("canary", app.fails)]
    until(lambda: lost_at(world, "canary") > 0)
    # Behind the Service alone: as where a load balancer loses some.
    own = sides(world).traffic
    assert own
    own.stop()
    world.app.faults = [app.breaks_the_connection]
    lost = world.context.app.traffic.lost
    until(lambda: world.context.app.traffic.lost > lost + 3)
    with pytest.raises(FoundError, match="closed without an answer"):
        world.check("canary", canary.no_request_is_lost)
