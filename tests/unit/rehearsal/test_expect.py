"""What a team's own tests assert: it holds in a healthy world, and says what was seen where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fakes import app
from fakes.objects import unready
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED, NO_HEADER

from pytest_canary.core.errors import CanaryError
from pytest_canary.rehearsal.expect import Expect


def test_everything_holds_in_a_healthy_release(new_world: NewWorld) -> None:
    world = new_world(**LOADED)
    expect = world.enter("canary").rehearsal.expect
    expect.replicas("canary", 1)
    expect.replicas("stable", 2)
    expect.replicas("stable", 2, of="baseline")
    expect.connections("canary", "stable")
    expect.write_and_read()
    expect.every_row()
    expect.no_lost_request()
    world.rehearsal.enter("stable")
    expect.gone("canary")
    expect.only_version("candidate")
    world.rehearsal.clean_up()
    expect.nothing_left()


def fails(expect: Callable[[Expect], None], world: World) -> str:
    with pytest.raises(CanaryError) as failure:
        expect(world.rehearsal.expect)
    return failure.value.sentence


def test_each_says_what_was_seen(new_world: NewWorld) -> None:
    world = new_world(**LOADED).enter("canary")
    assert "waited 5 s for 3/3 of addressbook-stable" in fails(
        lambda expect: expect.replicas("stable", 3), world
    )
    assert "ready of addressbook:222222222222" in fails(
        lambda expect: expect.replicas("stable", 2, of="candidate"), world
    )
    assert "waited 5 s for addressbook-canary to be gone" in fails(
        lambda expect: expect.gone("canary"), world
    )
    assert "not only version 1 answers: of 300 connections some went to 2" in fails(
        lambda expect: expect.only_version("baseline"), world
    )
    assert "{} gets connections too".format(*world.pods("canary")) in fails(
        lambda expect: expect.connections("stable"), world
    )
    assert "the walk has not come to stage cleanup" in fails(
        lambda expect: expect.nothing_left(), world
    )
    world.app.rows.clear()
    assert "acknowledged writes can't be read back from the Service" in fails(
        lambda expect: expect.every_row(), world
    )
    world.app.faults = [app.refuses_to("PUT")]
    assert "PUT /person of the Service answers with status 500" in fails(
        lambda expect: expect.write_and_read(), world
    )


def test_without_a_header_the_node_tells_the_version(new_world: NewWorld) -> None:
    world = new_world(**NO_HEADER).enter("canary")
    (pod,) = world.pods("canary")
    assert fails(lambda expect: expect.only_version("baseline"), world) == (
        f"not only pods of the baseline get connections: 100 of 300 went to pod {pod} (100); an "
        "old pod still gets traffic"
    )
    world.rehearsal.enter("stable")
    world.rehearsal.expect.only_version("candidate")
    assert world.rehearsal.sample("candidate") == {"candidate": 300}


def test_lost_requests_are_told(new_world: NewWorld) -> None:
    world = new_world(**LOADED).enter("stable")
    world.app.faults = [app.fails]
    traffic = world.context.app.traffic
    begun = traffic.sent
    world.context.waiter.until("requests", lambda: seen(traffic.sent > begun + 20), timeout=1e6)
    assert " requests were lost" in fails(lambda expect: expect.no_lost_request(), world)


def seen(done: bool) -> Any:
    from pytest_canary.core.waiting import Seen

    return Seen("", done, None)


def test_a_track_that_runs_neither_version_is_told(new_world: NewWorld) -> None:
    world = new_world().enter("canary")
    world.namespace.edit("Pod", world.pods("canary")[0], unready)
    assert "running, not ready" in fails(lambda expect: expect.replicas("canary", 1), world)
    world.context.release.delete("canary")
    assert fails(lambda expect: expect.replicas("canary", 1), world) == (
        "there is no Deployment addressbook-canary; see `kubectl get deployments`"
    )


def test_what_is_left_is_told(new_world: NewWorld) -> None:
    world = new_world().enter("baseline")
    world.engine.stays.add("a1b2c3")
    world.rehearsal.clean_up()
    assert "left volumes: a1b2c3; `pytest --canary-reap` removes them" in fails(
        lambda expect: expect.nothing_left(), world
    )
