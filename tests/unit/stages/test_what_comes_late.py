"""What is only a moment late is waited for, and is no failure."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.world import World

from pytest_canary.stages import cleanup, cluster


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    made.stop()


def on_first_sleep(world: World, act: Callable[[], object]) -> None:
    """Let something happen while the walk waits for the first time."""
    sleep, acts = world.clock.sleep, [act]

    def sleep_and_act(seconds: float) -> None:
        sleep(seconds)
        if acts:
            acts.pop()()

    world.patch.setattr(world.clock, "sleep", sleep_and_act)


def test_a_node_that_has_missed_a_report_is_waited_for(world: World) -> None:
    name = str(world.context.cluster.node)
    (healthy,) = world.namespace.objects("Node")
    said = {"status": "Unknown", "reason": "NodeStatusUnknown"}
    world.namespace.edit("Node", name, lambda it: it["status"]["conditions"][1].update(said))
    on_first_sleep(world, lambda: world.namespace.put(healthy))
    world.check("cluster", cluster.nodes_are_ready)


def test_a_port_that_closes_a_moment_after_its_container_is_not_left(world: World) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    world.engine.ports.add(listener.getsockname()[1])
    on_first_sleep(world, listener.close)
    world.check("cleanup", cleanup.no_port)
