"""Canary and baseline asked side by side: what they have answered, and what is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from fakes.app import NOTES
from fakes.go import GO
from fakes.traffic import patient, until
from fakes.world import World
from fakes.world_settings import LOADED

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.sides.measurement import Measurement
from pytest_canary.sides.sides import Sides

MAY_NOT = "create endpointslices.discovery.k8s.io"
"""The right without which the two have no addresses of their own."""

SILENT = {"api": NOTES, **LOADED}
"""Settings of an app that tells no version, under traffic."""


def sides(world: World) -> Sides:
    """How a world's canary and baseline are asked."""
    found = world.context.comparing.sides
    assert found
    return found


def ask_alone_for_long(world: World) -> None:
    """Let a busy machine ask a world's baseline alone too; a world takes a tenth of a second."""
    asks = partial(Sides, seconds=1.0, generate=patient)
    world.context.builders = replace(world.context.builders, side_by_side=asks)


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
        found.append(measurement.observe())
        return GO

    world.context.builders = replace(world.context.builders, judge=judge)
    world.rehearsal.enter("verdict")
    return found


def both(measurement: Measurement) -> bool:
    """Whether a measurement has a few requests of each."""
    return all(len(each.requests) >= 3 for each in measurement.observe())
