"""A check that asks through the Service asks no pod that has just ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED

from pytest_canary.context import expect
from pytest_canary.context.context import Context
from pytest_canary.context.following import KUBE_PROXY, wait_for_kube_proxy
from pytest_canary.core.errors import ApiError

GONE = "10.244.0.99:3000"


def lag(world: World, looks: int) -> None:
    """Let the node lead every connection to a pod that is gone, until it was looked at so often."""
    left = iter(range(looks))
    late = [True]

    def led(found: set[str]) -> set[str]:
        late[0] = next(left, None) is not None
        return found | {GONE} if late[0] else found

    world.network.led = led
    world.app.faults.append(lambda asked, reply: None if late[0] else reply)


@pytest.mark.parametrize("check", [expect.write_and_read, expect.every_row])
def test_it_waits_until_the_node_leads_nowhere_else(world: World, check: object) -> None:
    assert callable(check)
    context = world.enter("canary").context
    expect.write_and_read(context)
    lag(world, looks=3)
    check(context)


def test_what_is_led_elsewhere_for_long_is_asked_all_the_same(world: World) -> None:
    context = world.enter("canary").context
    lag(world, looks=1000)
    began = world.clock.time
    with pytest.raises(ApiError, match="got no answer from the Service"):
        expect.write_and_read(context)
    assert world.clock.time - began >= KUBE_PROXY


def test_what_is_lost_after_a_rollback_counts_once_nobody_is_led_astray(
    new_world: NewWorld,
) -> None:
    world = new_world(**LOADED).enter("canary")
    lag(world, looks=3)
    world.clock.real = 0.2  # so that some are lost meanwhile
    traffic = world.context.app.traffic
    before = traffic.lost
    expect.no_more_lost_requests(world.context)
    assert traffic.lost > before


def elsewhere(context: Context) -> Context:
    return replace(context, provisioned=replace(context.provisioned, cluster=None))


@pytest.mark.parametrize("theirs", [True, False])
def test_where_no_node_tells_the_endpoints_have_to_be_quiet(world: World, theirs: bool) -> None:
    context = world.enter("canary").context
    if theirs:
        context = elsewhere(context)
    else:
        world.network.led = lambda found: set()
    began = world.clock.time
    wait_for_kube_proxy(context)
    assert 1 < world.clock.time - began < KUBE_PROXY


def test_a_pods_own_way_waits_for_nothing(world: World) -> None:
    world.enter("canary")
    world.network.led = lambda found: found | {GONE}
    began = world.clock.time
    expect.write_and_read(world.context, world.context.pod_api("canary"))
    assert world.clock.time - began < 1
