"""What a failure tells of what the release stands on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes.surroundings import Around
from fakes.world import NewWorld, World

from pytest_canary.core.errors import ClusterError, ReleaseError
from pytest_canary.plugin.pytest_internals import ErrorRepr
from pytest_canary.reporting.compose import compose


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """A walk at the end of its baseline."""
    found = new_world()
    found.enter("baseline")
    return found


def shown(world: World, error: Exception | None = None) -> str:
    """What the screen has of a failure, beneath its sentence."""
    failure = world.rehearsal.keep_evidence("canary", error or ReleaseError("it broke", "the log"))
    told = ErrorRepr(failure, world.folder).evidence
    assert failure.folder
    kept = (failure.folder / "finding.txt").read_text()
    for line in failure.also_text.splitlines():
        assert line in kept
    return told


def refuse(_: Around) -> None:
    raise ClusterError("can't list the nodes: forbidden")


def test_where_nothing_else_has_happened_nothing_else_is_told(world: World) -> None:
    assert "also" not in shown(world)


def test_a_node_that_was_started_again_is_told_after_the_evidence(world: World) -> None:
    before, world.engine.started_at = world.engine.started_at, "2026-01-01T10:05:00Z"
    node = world.context.cluster.node
    assert shown(world).splitlines()[:5] == [
        "the log",
        f"also    node {node} was started again in the midst of the walk",
        f"seen    started at 2026-01-01T10:05:00Z, and at {before} before",
        "likely  its container engine was restarted, or the machine ran out of memory",
        f"next    docker inspect {node}, and the engine's log",
    ]


def test_a_database_that_was_replaced_is_told(world: World) -> None:
    (pod,) = [
        each["metadata"]["name"]
        for each in world.namespace.objects("Pod")
        if each["metadata"]["name"].startswith("db-")
    ]
    world.namespace.delete_pod(pod)
    assert f"also    the database's pod {pod} was " in shown(world)


def test_an_engine_that_hangs_is_told_in_its_own_words(world: World) -> None:
    world.engine.silent = "`docker container inspect` was stopped at its deadline of 20 s"
    told = shown(world)
    assert "also    the container engine does not answer any more" in told
    assert f"seen    {world.engine.silent}" in told


def test_the_report_has_it_as_a_finding_of_its_own(world: World) -> None:
    world.engine.started_at = "2026-01-01T10:05:00Z"
    shown(world)
    codes = [each.code for each in compose(world.journal, "failed").findings]
    assert codes == ["Release", "NodeRestarted"]


def test_a_clock_that_jumps_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[[], float] = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    assert "clock was put forward by 3,600 s" in shown(world)


def test_who_may_not_see_nodes_is_told_of_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In somebody else's cluster; in the run's own, that the API server does not answer is told."""
    monkeypatch.setattr(Around, "nodes", refuse)
    assert "also    the API server does not answer any more" in shown(world)
    world.context.provisioned = replace(world.context.provisioned, cluster=None)
    assert "also" not in shown(world, ReleaseError("and again"))
