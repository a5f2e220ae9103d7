"""What is only a moment late is waited for, and is no failure."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from fakes.world import World

from pytest_canary.core.errors import CanaryError
from pytest_canary.stages import cleanup, cluster


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


def test_an_engine_that_is_restarted_under_the_walk_is_waited_for(world: World) -> None:
    world.engine.away = "the container engine at unix:///engine does not answer any more"

    def come_back() -> None:
        world.engine.away = ""

    on_first_sleep(world, come_back)
    world.check("cleanup", cleanup.no_container)
    world.check("cleanup", cleanup.no_image)
    assert world.journal.notes["cleanup"] == ["nothing left"]


def test_an_engine_that_does_not_come_back_is_told(world: World) -> None:
    world.engine.away = "the container engine at unix:///engine does not answer any more"
    with pytest.raises(CanaryError, match="could not be cleaned up") as told:
        world.check("cleanup", cleanup.no_container)
    assert told.value.evidence == world.engine.away, "it is said once"
    assert world.run.folder.exists(), "the next run tries again"
    world.engine.away = ""


def test_where_anything_is_left_nobody_says_that_nothing_is(world: World) -> None:
    world.namespace.stays = True
    with pytest.raises(CanaryError, match="left objects"):
        world.check("cleanup", cleanup.no_object)
    world.check("cleanup", cleanup.no_image)
    assert "cleanup" not in world.journal.notes
