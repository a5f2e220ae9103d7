"""From when the tracks' addresses are opened until they are closed, or done without."""

from __future__ import annotations

import pytest
from fakes import app
from fakes.clock import Clock
from fakes.objects import Object, unready
from fakes.tracks import SERVICES, Place, services
from fakes.world import World

from pytest_canary import stages
from pytest_canary.api.factory import client_for
from pytest_canary.cluster.leftovers import leftovers
from pytest_canary.context import expect
from pytest_canary.context.sampling import sample
from pytest_canary.core.errors import ClusterError, FoundError, WaitTimeoutError
from pytest_canary.core.waiting import Waiter
from pytest_canary.sides.track_service import free_name
from pytest_canary.sides.tracks import Tracks
from pytest_canary.stages import canary, stable

# Doing without.

NONE = "they have no addresses"
MAY_NOT = (
    " of their own: you may not create endpointslices.discovery.k8s.io in namespace canary-test; "
    "pytest-canary's docs/rights has the rule"
)


def expect_nothing_left(place: Place, tracks: Tracks) -> None:
    assert place.services == []
    assert place.led_to("canary") == place.led_to("stable") == []
    assert tracks.addresses == {}
    # And nothing comes again.
    tracks.follow()
    api = client_for("http://127.0.0.1:1", place.settings)
    tracks.wait_until_served(Waiter(Clock()), api)
    tracks.close()
    assert place.services == []
    assert tracks.trouble == ""


def test_where_the_right_lacks_that_is_said(place: Place) -> None:
    place.namespace.lacking = ["create endpointslices.discovery.k8s.io", "create pods."]
    tracks = place.tracks()
    assert tracks.absent == NONE + MAY_NOT
    assert place.namespace.written == []
    expect_nothing_left(place, tracks)


def test_a_namespace_that_takes_no_such_service_is_done_without(place: Place) -> None:
    add = place.namespace.add

    def refuse(*bodies: Object) -> None:
        if bodies[0]["metadata"]["name"] == SERVICES[1]:
            raise ClusterError("can't create Service: exceeded quota: services.nodeports=1")
        add(*bodies)

    place.namespace.add = refuse  # type: ignore[method-assign]
    tracks = place.tracks()
    assert tracks.absent == (
        f"{NONE} of their own: can't create Service: exceeded quota: services.nodeports=1"
    )
    expect_nothing_left(place, tracks)


def test_endpoints_that_a_cluster_takes_from_nobody_are_done_without(place: Place) -> None:
    """As OpenShift does, which has a right of its own for addresses of pods."""
    place.namespace.refuses_slices = "can't write EndpointSlice: endpoint address is not allowed"
    tracks = place.tracks()
    assert tracks.absent.endswith("can't write EndpointSlice: endpoint address is not allowed")
    expect_nothing_left(place, tracks)


def test_a_cluster_whose_nodes_are_not_reached_is_done_without(place: Place) -> None:
    place.options["locate"] = lambda port: None
    tracks = place.tracks()
    assert tracks.absent.endswith("of their own: no node of the cluster can be reached from here")
    expect_nothing_left(place, tracks)


def test_a_service_that_is_gone_at_once_is_done_without(place: Place) -> None:
    add = place.namespace.add

    def lose(*bodies: Object) -> None:
        add(*bodies)
        place.namespace.drop("Service", bodies[0]["metadata"]["name"])

    place.namespace.add = lose  # type: ignore[method-assign]
    assert place.tracks().absent.endswith(
        f"Service {SERVICES[0]} was made in namespace canary-test and is gone again; see what else "
        "deletes Services there"
    )


def test_addresses_at_which_the_baseline_does_not_answer_are_done_without(
    world: World, opened: Tracks
) -> None:
    world.app.faults.append(app.breaks_the_connection)
    opened.wait_until_served(world.context.waiter, world.context.api, timeout=1)
    assert opened.absent.startswith(
        f"{NONE} of their own: waited 1 s for addressbook-stable to answer at an address of "
        f"its own, which did not come; last seen: it leads to {world.pods('stable')[0]}; GET /all "
        f"got no answer from Service {SERVICES[1]} at http://127.0.0.1:"
    )
    assert (services(world.namespace), opened.addresses) == ([], {})


def test_a_canary_that_does_not_answer_where_the_baseline_does_is_told(
    world: World, opened: Tracks
) -> None:
    world.change_pod("canary", unready)
    opened.update()
    with pytest.raises(WaitTimeoutError) as raised:
        opened.wait_until_served(world.context.waiter, world.context.api, timeout=1)
    assert raised.value.sentence.startswith(
        "waited 1 s for addressbook-canary to answer at an address of its own, which did not "
        "come; last seen: it leads to no pod, as none is ready; GET /all got no answer from "
        f"Service {SERVICES[0]}"
    )
    assert opened.absent == ""


def test_an_answer_is_one_whatever_it_says(world: World, opened: Tracks) -> None:
    world.app.faults.append(app.only("canary", app.fails))
    opened.wait_until_served(world.context.waiter, world.context.api)
    assert opened.absent == ""


# Beside what else is there.


def test_a_name_that_is_used_is_left_alone(place: Place) -> None:
    theirs = {"kind": "Service", "metadata": {"name": SERVICES[0]}, "spec": {"ports": []}}
    place.namespace.put({**theirs, "spec": {"ports": [], "selector": {"app": "theirs"}}})
    place.options["taken"] = ["db", f"{SERVICES[1]}-headless"]
    tracks = place.tracks()
    made = [SERVICES[0], f"{SERVICES[0]}-2", f"{SERVICES[1]}-2"]
    assert (tracks.absent, place.services) == ("", made)
    tracks.close()
    assert place.services == [SERVICES[0]]


@pytest.mark.parametrize("name", ["a", "7up", "a" * 52, "a" * 50 + "-b"])
def test_every_name_is_one_that_a_service_may_have(name: str) -> None:
    taken: list[str] = []
    for deployment in (f"{name}-canary", f"{name}-stable") * 2:
        taken.append(free_name(deployment, taken))
    assert len(set(taken)) == 4
    for each in taken:
        assert len(each) <= 63
        assert each[0].isalpha()
        assert not each.endswith("-")


def test_closed_they_are_gone(place: Place) -> None:
    tracks = place.tracks()
    tracks.follow()
    tracks.close()
    expect_nothing_left(place, tracks)
    assert tracks.absent == ""


def test_one_that_can_not_be_deleted_keeps_the_other_from_nothing(place: Place) -> None:
    tracks, delete = place.tracks(), place.namespace.delete_service

    def refuse(service: str) -> None:
        if service == SERVICES[0]:
            raise ClusterError("it is refused")
        delete(service)

    place.namespace.delete_service = refuse  # type: ignore[method-assign]
    with pytest.raises(ClusterError, match="it is refused"):
        tracks.close()
    assert (place.services, tracks.addresses) == (SERVICES[:1], {})
    place.namespace.delete_service = delete  # type: ignore[method-assign]
    tracks.close()
    expect_nothing_left(place, tracks)


def test_they_are_no_strangers_to_a_walk(world: World, opened: Tracks) -> None:
    """To what asserts where the Service sends connections, and that nothing is left."""
    opened.follow()
    context = world.context
    canary.service_selects(context)
    for track in ("canary", "stable"):
        context.release.check_service(track)
        context.pod_api(track)
    assert context.release.diagnostics().logs
    context.release.apply_service(context.candidate)
    opened.close()
    context.release.promote(context.candidate)
    stable.service_selects(context)
    cleanup = stages.load("cleanup")
    for check in cleanup.checks_for(world.rehearsal.plan):
        world.rehearsal.check(check, cleanup)


def test_they_are_no_strangers_to_the_cleanup(world: World, opened: Tracks) -> None:
    """Which removes them where nobody else has, and tells of them where they stay."""
    inventory = world.rehearsal.workspace.inventory
    assert inventory
    before = inventory.take()
    assert {f"Service {name}" for name in SERVICES} < set(before.objects)
    world.namespace.deleted.touch()
    assert inventory.take().objects == ()
    world.namespace.stays = True
    assert {f"Service {name}" for name in SERVICES} < set(
        leftovers(before, inventory.take())["objects"]
    )


def test_they_hide_no_pod_that_the_apps_service_misses(world: World, opened: Tracks) -> None:
    world.select(deployment="addressbook-stable")
    with pytest.raises(FoundError, match="addressbook-lb selects no pod of addressbook-canary"):
        expect.connections(world.context, "canary", "stable")


def test_they_do_not_keep_a_count_of_connections_waiting(world: World, opened: Tracks) -> None:
    context, service = world.context, world.context.release.service
    service.quiet_for()
    world.clock.sleep(10)
    world.namespace.put(world.namespace.written[-1])
    assert context.observer.quiet_for("EndpointSlice") < 1
    assert service.quiet_for() > 9
    began = world.clock.time
    sample(context, "baseline", "candidate", connections=20)
    assert world.clock.time - began < 1
    # Its own are what it waits for.
    world.change_pod("canary", unready)
    assert service.quiet_for() < 1
