"""An address of its own for each track: where it leads, what it follows, and doing without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import app, objects
from fakes.clock import Clock
from fakes.cluster import Namespace, Watched
from fakes.engine import IMAGES
from fakes.objects import Object, terminating, unready
from fakes.world import NOTES, ROOT, World

from pytest_canary import stages
from pytest_canary.api.factory import client_for
from pytest_canary.cluster.leftovers import leftovers
from pytest_canary.config import settings_file
from pytest_canary.context import expect
from pytest_canary.context.track_service import free_name
from pytest_canary.context.tracks import PATIENCE, Tracks
from pytest_canary.core.errors import ClusterError, FoundError, WaitTimeoutError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.objects import pods_of
from pytest_canary.stages import canary, stable

SERVICES = ["track-addressbook-canary", "track-addressbook-stable"]


class Place:
    """A namespace with both tracks in it, and no walk: what is asked of their addresses.

    Attributes:
        time: what `Tracks` tells for how long nothing could be written by.
        options: how its `Tracks` are made, where otherwise than usual.
    """

    def __init__(self, folder: Path, *, canary: int = 1, stable: int = 2, **table: Any) -> None:
        self.settings = settings_file.check(table, ROOT, "canary.toml")
        self.namespace = Namespace(folder, folder / "deleted")
        self.observer = Watched(self.namespace, Clock(step=0.001))
        self.time = Clock()
        self.options: dict[str, Any] = {"locate": lambda port: f"http://127.0.0.1:{port}"}
        files = self.settings.files
        self.namespace.put(objects.service(files.service, 30001))
        images = {"canary": IMAGES["candidate"], "stable": IMAGES["baseline"]}
        for track, count in {"canary": canary, "stable": stable}.items():
            name = self.settings.deployment_name(track)
            made = objects.deployment(files.deployment, name, count, images[track])
            self.namespace.roll_out(made)

    def tracks(self) -> Tracks:
        """The tracks' addresses, where that can be."""
        namespace: Any = self.namespace
        made = Tracks(namespace, self.observer, self.settings, clock=self.time, **self.options)
        made.open()
        return made

    def pods(self, track: str) -> list[str]:
        found = pods_of(self.namespace.objects("Pod"), self.settings.deployment_name(track))
        return [pod["metadata"]["name"] for pod in found]

    def pod(self, name: str) -> Object:
        found = self.namespace.objects("Pod")
        return next(each for each in found if each["metadata"]["name"] == name)

    def change(self, track: str, change: Callable[[Object], Object | None]) -> None:
        """Change a track's first pod."""
        self.namespace.edit("Pod", self.pods(track)[0], change)

    def led_to(self, track: str) -> list[str]:
        return led_to(self.namespace, track)

    @property
    def services(self) -> list[str]:
        return services(self.namespace)


def services(namespace: Namespace) -> list[str]:
    found = [each["metadata"]["name"] for each in namespace.objects("Service")]
    return sorted(name for name in found if name.startswith("track-"))


def led_to(namespace: Namespace, track: str) -> list[str]:
    """The pods that a track's EndpointSlices name."""
    return sorted(
        endpoint["targetRef"]["name"]
        for item in namespace.objects("EndpointSlice")
        if item["metadata"]["labels"]["kubernetes.io/service-name"] == f"track-addressbook-{track}"
        for endpoint in item["endpoints"]
    )


NewPlace = Callable[..., Place]


@pytest.fixture
def new_place(tmp_path: Path) -> NewPlace:
    return lambda **options: Place(tmp_path, **options)


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    return new_place()


@pytest.fixture
def world(world: World) -> World:
    return world.enter("canary")


@pytest.fixture
def opened(world: World) -> Iterator[Tracks]:
    """The tracks of the world, stopped in the end."""
    context = world.context
    made = Tracks(
        context.provisioned.owner,
        context.observer,
        context.settings,
        lambda port: f"http://127.0.0.1:{context.cluster.host_port(context.engine, port)}",
    )
    made.open()
    assert made.absent == ""
    yield made
    made.stop()


def answered(world: World, tracks: Tracks, track: str) -> set[str]:
    """The versions that answer at a track's address."""
    api = client_for(tracks.addresses[track], world.settings)
    return {api.version() for _ in range(4)}


def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for another thread."""
    Waiter().until(what, lambda: Seen("not yet", holds(), None), timeout=30)


# Where they lead.


def test_each_track_is_asked_at_an_address_of_its_own(world: World, opened: Tracks) -> None:
    opened.wait_until_served(world.context.waiter)
    assert services(world.namespace) == SERVICES
    assert answered(world, opened, "canary") == {"2"}
    assert answered(world, opened, "stable") == {"1"}
    one = tuple(world.pods("stable")[:1])
    assert opened.pods == {"canary": tuple(world.pods("canary")), "stable": one}
    assert opened.trouble == ""


def test_pods_belong_to_their_owner_whatever_labels_they_share(place: Place) -> None:
    common = place.pod(place.pods("stable")[0])["metadata"]["labels"]

    def relabel(pod: Object) -> None:
        digits = pod["metadata"]["labels"]["pod-template-hash"]
        pod["metadata"]["labels"] = {**common, "pod-template-hash": digits}

    place.change("canary", relabel)
    place.tracks()
    assert place.led_to("canary") == place.pods("canary")
    assert place.led_to("stable") == place.pods("stable")[:1]


@pytest.mark.parametrize("change", [unready, terminating])
def test_a_pod_that_is_not_ready_or_on_its_way_out_is_not_asked(
    place: Place, change: Callable[[Object], Object]
) -> None:
    tracks, (name,) = place.tracks(), place.pods("canary")
    pod, before = place.pod(name), tracks.changed_at["canary"]
    place.change("canary", change)
    tracks.update()
    assert (place.led_to("canary"), tracks.pods["canary"]) == ([], ())
    assert tracks.changed_at["canary"] > before
    # The other one's address is no worse for it.
    assert place.led_to("stable") == place.pods("stable")[:1]
    place.namespace.put(pod)
    tracks.update()
    assert place.led_to("canary") == [name]


def test_as_many_pods_of_one_track_are_asked_as_of_the_other(new_place: NewPlace) -> None:
    place = new_place(canary=2, stable=5)
    tracks = place.tracks()
    assert place.led_to("canary") == place.pods("canary")
    assert len(place.led_to("canary")) == len(place.led_to("stable")) == 2
    # Of a canary that has more, too.
    for name in place.pods("stable")[1:]:
        place.namespace.drop("Pod", name)
    tracks.update()
    assert len(place.led_to("canary")) == len(place.led_to("stable")) == 1


def test_a_pod_that_is_asked_stays_until_it_goes(new_place: NewPlace) -> None:
    place = new_place(canary=2, stable=5)
    tracks = place.tracks()
    first, second = tracks.pods["stable"]
    pod = place.pod(first)
    place.namespace.put(unready(pod))
    tracks.update()
    replaced = tracks.pods["stable"]
    assert second in replaced
    assert first not in replaced
    assert len(replaced) == 2
    place.namespace.put(pod)
    tracks.update()
    assert tracks.pods["stable"] == replaced
    # One fewer, and one more again: those that were asked last.
    canary = place.pod(place.pods("canary")[0])
    place.namespace.put(unready(canary))
    tracks.update()
    assert set(tracks.pods["stable"]) < set(replaced)
    place.namespace.put(canary)
    tracks.update()
    assert tracks.pods["stable"] == replaced


def test_pods_that_listen_on_different_ports_are_all_reached(new_place: NewPlace) -> None:
    place = new_place(canary=2)

    def listen(port: int) -> Callable[[Object], None]:
        def change(pod: Object) -> None:
            pod["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": port}]

        return change

    place.namespace.edit(
        "Service", "addressbook-lb", lambda it: it["spec"]["ports"][0].update(targetPort="http")
    )
    for name in place.pods("canary") + place.pods("stable"):
        place.namespace.edit("Pod", name, listen(3000))
    place.change("canary", listen(8080))
    tracks = place.tracks()
    names = {each["metadata"]["name"] for each in place.namespace.written}
    assert names == {f"{SERVICES[0]}-{port}" for port in (3000, 8080)} | {f"{SERVICES[1]}-3000"}
    assert place.led_to("canary") == place.pods("canary")
    # The last one of a port goes: its EndpointSlice leads nowhere.
    place.namespace.drop("Pod", place.pods("canary")[0])
    tracks.update()
    assert place.led_to("canary") == place.pods("canary")


def test_a_pod_without_the_port_that_the_apps_service_names_is_not_asked(place: Place) -> None:
    place.namespace.edit(
        "Service", "addressbook-lb", lambda it: it["spec"]["ports"][0].update(targetPort="web")
    )
    place.tracks()
    assert place.led_to("canary") == place.led_to("stable") == []


def test_nothing_is_written_where_nothing_has_changed(place: Place) -> None:
    tracks = place.tracks()
    changed_at = tracks.changed_at
    assert len(place.namespace.written) == 2
    place.namespace.scale("addressbook-stable", 3)
    tracks.update()
    assert (len(place.namespace.written), tracks.changed_at) == (2, changed_at)
    place.change("canary", unready)
    tracks.update()
    tracks.update()
    assert len(place.namespace.written) == 3


def test_whoever_follows_writes_what_changes_until_it_is_stopped(place: Place) -> None:
    tracks, (name,) = place.tracks(), place.pods("canary")
    tracks.follow()
    pod = place.pod(name)
    place.change("canary", unready)
    until("the pod to be left out", lambda: place.led_to("canary") == [])
    place.namespace.put(pod)
    until("the pod to be back", lambda: place.led_to("canary") == [name])
    tracks.stop()
    place.change("canary", unready)
    assert place.led_to("canary") == [name]


# What goes wrong on the way.


def test_a_write_that_is_refused_once_is_made_with_the_next_look(place: Place) -> None:
    tracks, (name,) = place.tracks(), place.pods("canary")
    place.namespace.refuses_slices = "can't write EndpointSlice x: etcdserver: leader changed"
    place.change("canary", unready)
    with pytest.raises(ClusterError, match="leader changed"):
        tracks.update()
    assert tracks.pods["canary"] == (name,), "the address leads there still"
    tracks.follow()
    place.namespace.refuses_slices = ""
    until("the pod to be left out", lambda: tracks.pods["canary"] == ())
    assert place.led_to("canary") == []
    assert tracks.trouble == ""
    tracks.stop()


def test_one_that_is_refused_does_not_keep_the_other_back(place: Place) -> None:
    tracks = place.tracks()
    write = place.namespace.write_slice

    def refuse(body: Object) -> None:
        if body["metadata"]["name"].startswith(SERVICES[0]):
            raise ClusterError("it is refused")
        write(body)

    place.namespace.write_slice = refuse  # type: ignore[method-assign]
    other = place.pods("stable")[1]
    for track in ("canary", "stable"):
        place.change(track, unready)
    with pytest.raises(ClusterError, match="it is refused"):
        tracks.update()
    assert tracks.pods["stable"] == (other,)


def test_who_can_not_write_for_long_says_so(place: Place) -> None:
    tracks = place.tracks()
    place.namespace.refuses_slices = "can't write EndpointSlice x: the API server is away"
    place.change("canary", unready)
    tracks.follow()
    place.time.sleep(PATIENCE)
    assert tracks.trouble == ""
    place.time.sleep(2)
    until("it to be told why", lambda: "away" in tracks.trouble)
    assert tracks.trouble == (
        "for 5 s the addresses of canary and stable could not be led to the pods that are ready, "
        "so that what they answered says little: can't write EndpointSlice x: the API server is "
        "away"
    )
    tracks.stop()
    place.time.sleep(60)
    assert tracks.trouble.startswith("for 5 s "), "it is over"


def test_trouble_that_is_over_is_told_no_more(place: Place) -> None:
    tracks = place.tracks()
    place.time.sleep(PATIENCE + 1)
    assert tracks.trouble.endswith("says little: the API server has not answered yet")
    tracks.update()
    assert tracks.trouble == ""


def test_whatever_else_goes_wrong_is_told_too(place: Place) -> None:
    tracks = place.tracks()

    def fail(body: Object) -> None:
        raise ValueError("an odd one")

    place.namespace.write_slice = fail  # type: ignore[method-assign]
    place.change("canary", unready)
    tracks.follow()
    place.time.sleep(PATIENCE + 1)
    until("it to be told", lambda: tracks.trouble.endswith(": ValueError: an odd one"))
    tracks.stop()


def test_an_observer_that_sees_nothing_any_more_is_trouble(place: Place) -> None:
    tracks = place.tracks()

    def blind(seconds: float) -> None:
        raise ClusterError("the API server has refused to list Pod for 40 s")

    place.observer.change = blind  # type: ignore[method-assign]
    tracks.follow()
    place.time.sleep(PATIENCE + 1)
    until("it to be told", lambda: tracks.trouble.endswith("refused to list Pod for 40 s"))
    tracks.stop()


def test_an_apps_service_that_goes_is_told(place: Place) -> None:
    tracks = place.tracks()
    place.namespace.drop("Service", "addressbook-lb")
    with pytest.raises(ClusterError, match="there is no Service addressbook-lb any more"):
        tracks.update()
    assert place.led_to("canary") == place.pods("canary")


# Doing without.

BY_HEADER = (
    "the two versions are told apart by the header X-Release alone, as they have no addresses"
)
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
    tracks.wait_until_served(Waiter(Clock()))
    tracks.close()
    assert place.services == []
    assert tracks.trouble == ""


def test_where_the_right_lacks_the_header_tells_the_versions_apart(place: Place) -> None:
    place.namespace.lacking = ["create endpointslices.discovery.k8s.io", "create pods."]
    tracks = place.tracks()
    assert tracks.absent == BY_HEADER + MAY_NOT
    assert place.namespace.written == []
    expect_nothing_left(place, tracks)


def test_where_nothing_tells_the_versions_apart_that_is_said(new_place: NewPlace) -> None:
    place = new_place(api=NOTES)
    place.namespace.lacking = ["create endpointslices.discovery.k8s.io"]
    assert place.tracks().absent == (
        "the two versions can't be told apart: no api.version-header is set, and they have no "
        "addresses" + MAY_NOT
    )


def test_a_namespace_that_takes_no_such_service_is_done_without(place: Place) -> None:
    add = place.namespace.add

    def refuse(*bodies: Object) -> None:
        if bodies[0]["metadata"]["name"] == SERVICES[1]:
            raise ClusterError("can't create Service: exceeded quota: services.nodeports=1")
        add(*bodies)

    place.namespace.add = refuse  # type: ignore[method-assign]
    tracks = place.tracks()
    assert tracks.absent == (
        f"{BY_HEADER} of their own: can't create Service: exceeded quota: services.nodeports=1"
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
    opened.wait_until_served(world.context.waiter, timeout=1)
    assert opened.absent.startswith(
        f"{BY_HEADER} of their own: waited 1 s for addressbook-stable to answer at an address of "
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
        opened.wait_until_served(world.context.waiter, timeout=1)
    assert raised.value.sentence.startswith(
        "waited 1 s for addressbook-canary to answer at an address of its own, which did not "
        "come; last seen: it leads to no pod, as none is ready; GET /all got no answer from "
        f"Service {SERVICES[0]}"
    )
    assert opened.absent == ""


def test_an_answer_is_one_whatever_it_says(world: World, opened: Tracks) -> None:
    world.app.faults.append(app.only("canary", app.fails))
    opened.wait_until_served(world.context.waiter)
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
    for check in cleanup.applying(world.rehearsal.plan):
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
    context.sample("baseline", "candidate", connections=20)
    assert world.clock.time - began < 1
    # Its own are what it waits for.
    world.change_pod("canary", unready)
    assert service.quiet_for() < 1
