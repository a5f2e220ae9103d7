"""Which port of a pod the Service sends connections to, asked before its controller has followed.

Pods, Services and EndpointSlices are watched one by one, so one snapshot proves little.
"""

import copy
from collections.abc import Callable

import pytest
from fakes.objects import Object, terminating, unready
from fakes.world import World

from pytest_canary.core.errors import FoundError, ReleaseError, WaitTimeoutError
from pytest_canary.release.service import ports

SLICE, LATE = "addressbook-lb-85bpb", "addressbook-lb-x2k4v"


@pytest.fixture
def world(world: World) -> World:
    return world.enter("canary")


def put_slice(world: World, pods: list[str], name: str = SLICE, port: int | None = 3000) -> None:
    """Let the Service's controller write a slice of its own."""
    world.namespace.put(
        {
            "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": "addressbook-lb"}},
            "endpoints": [
                {"conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": pod}}
                for pod in pods
            ],
            "ports": [{"name": "http", "port": port}] if port else None,
        }
    )


def port(world: World) -> int:
    return world.context.release.container_port(world.pods("canary")[0])


@pytest.mark.parametrize("changes", [1, 2])
def test_a_slice_that_comes_late_is_waited_for(world: World, changes: int) -> None:
    pod = world.pods("canary")[0]
    put_slice(world, world.pods("stable"))
    world.act_after(changes, lambda: put_slice(world, [pod], LATE, 3001))

    assert world.context.pod_api("canary").where == f"pod {pod}"
    assert port(world) == world.context.release.service.port(pod) == 3001


def test_a_port_that_is_known_is_not_waited_for(world: World) -> None:
    world.act_after(1, lambda: pytest.fail("it is known"))
    assert port(world) == 3000


def test_whoever_only_looks_is_told_that_none_is_known_yet(world: World) -> None:
    put_slice(world, world.pods("stable"))
    pod = world.pods("canary")[0]
    with pytest.raises(ReleaseError, match=f"sends nothing to pod {pod} yet: its EndpointSlices"):
        world.context.release.service.port(pod)
    assert world.clock.time < 5


def test_a_target_port_that_the_pods_do_not_name_is_found(world: World) -> None:
    """As it was on an idle machine: the rollout had come to rest before anybody had looked."""
    world.namespace.edit(
        "Service", "addressbook-lb", lambda it: it["spec"]["ports"][0].update(targetPort="web")
    )
    put_slice(world, world.pods("stable") + world.pods("canary"), port=None)
    with pytest.raises(FoundError) as raised:
        world.context.pod_api("canary")
    assert raised.value.findings[0].code == "ServicePort"
    assert raised.value.sentence.startswith(
        "Service addressbook-lb sends to port web, which no container of addressbook-canary names"
    )
    assert world.clock.time < 5


def test_a_selector_that_misses_the_pods_is_found(world: World) -> None:
    world.select(deployment="addressbook-stable")
    with pytest.raises(FoundError) as raised:
        world.context.pod_api("canary")
    assert raised.value.findings[0].code == "ServiceSelector"


def test_the_other_tracks_trouble_is_not_the_pods(world: World) -> None:
    """The Service selects the stable pods alone; of one of them, that is no trouble."""
    world.select(deployment="addressbook-stable")
    assert world.context.release.container_port(world.pods("stable")[0]) == 3000


@pytest.mark.parametrize(
    ("slices", "seen"),
    [
        (None, "it has no EndpointSlice"),
        ([], "its EndpointSlices name no pod"),
        (["other"], "its EndpointSlices name other"),
    ],
)
def test_where_nobody_knows_why_it_is_said_what_was_seen_last(
    world: World, slices: list[str] | None, seen: str
) -> None:
    world.namespace.drop("EndpointSlice", SLICE)
    if slices is not None:
        put_slice(world, slices)
    with pytest.raises(WaitTimeoutError) as raised:
        port(world)
    assert raised.value.sentence == (
        f"waited 5 s for Service addressbook-lb to send connections to pod "
        f"{world.pods('canary')[0]}, which did not come; last seen: {seen}"
    )


def test_a_slice_without_a_port_is_told_where_nobody_knows_why(world: World) -> None:
    put_slice(world, world.pods("canary"), port=None)
    with pytest.raises(WaitTimeoutError, match=f"EndpointSlice {SLICE} names the pod, but no port"):
        port(world)


def test_a_pod_that_goes_meanwhile_is_not_waited_for(world: World) -> None:
    pod = world.pods("canary")[0]
    put_slice(world, world.pods("stable"))
    world.act_after(1, lambda: world.namespace.drop("Pod", pod))
    with pytest.raises(ReleaseError, match=f"pod {pod} went before Service addressbook-lb sent"):
        world.context.release.container_port(pod)
    assert world.clock.time < 5


def test_pods_without_the_target_port_have_none() -> None:
    """As the Service's controller has them: in a slice of their own, without ports."""
    pods = [{"targetRef": {"kind": "Pod", "name": "b"}}, {"addresses": ["10.0.0.9"]}]
    with_port: Object = {"endpoints": [{"targetRef": {"name": "a"}}], "ports": [{"port": 80}]}
    assert ports([with_port, {"endpoints": pods, "ports": None}]) == {"a": 80}
    assert ports([{"endpoints": None, "ports": [{"port": 80}]}]) == {}


# What else is asked of the watches right after something was done.


@pytest.mark.parametrize("changes", [1, 2])
def test_a_pod_that_becomes_ready_late_is_waited_for(world: World, changes: int) -> None:
    ready = world.namespace.objects("Pod")
    pod = next(each for each in ready if each["metadata"]["name"] in world.pods("canary"))
    world.change_pod("canary", unready)
    world.act_after(changes, lambda: world.namespace.put(copy.deepcopy(dict(pod))))
    assert world.context.release.ready_pod("canary")["metadata"]["name"] == pod["metadata"]["name"]


@pytest.mark.parametrize(
    ("change", "state"), [(unready, "running, not ready"), (terminating, "terminating")]
)
def test_a_pod_that_never_does_is_told_with_its_state(
    world: World, change: Callable[[Object], Object], state: str
) -> None:
    world.change_pod("canary", change)
    with pytest.raises(ReleaseError) as raised:
        world.context.release.ready_pod("canary")
    assert raised.value.sentence == (
        "no pod of addressbook-canary is ready, so nothing can be asked of one; 1 are there: "
        f"{world.pods('canary')[0]} {state}"
    )


def test_an_applied_service_is_known_before_anybody_judges_by_it(world: World) -> None:
    """An older one would be found fault with."""
    tell, held = world.namespace.store.watch, []
    world.namespace.store.watch = lambda *told: held.append(told)
    world.select(version="2")
    world.namespace.store.watch = tell
    world.act_after(2, lambda: [tell(*told) for told in held])
    api = world.namespace.objects("Service")

    world.context.release.service.wait_until_watched(lambda: api, timeout=5)

    known = world.context.observer.snapshot().services["addressbook-lb"]
    assert known["spec"]["selector"]["version"] == "2"


def test_a_service_that_the_watches_never_get_to_know_is_named(world: World) -> None:
    api = [{"metadata": {"name": "shop-lb"}, "spec": {}}]
    with pytest.raises(WaitTimeoutError, match="last seen: not yet known as it is: shop-lb"):
        world.context.release.service.wait_until_watched(lambda: api, timeout=5)


def test_a_deployment_that_the_watches_have_not_seen_yet_is_not_gone(world: World) -> None:
    namespace, name = world.namespace, "addressbook-canary"
    made = namespace.deployment(name)
    assert made
    world.context.release.delete("canary")
    tell, namespace.store.watch = namespace.store.watch, lambda *_: None
    namespace.put(made)
    namespace.store.watch = tell
    world.act_after(2, lambda: namespace.delete_deployment(name))

    world.context.release.wait_until_gone("canary")

    assert namespace.deployment(name) is None
