"""An address of its own for each track: where it leads, what it follows, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes.objects import Object, terminating, unready
from fakes.tracks import SERVICES, NewPlace, Place, services
from fakes.world import World

from pytest_canary.api.factory import client_for
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.sides.tracks import PATIENCE, Tracks


def answered(world: World, tracks: Tracks, track: str) -> set[str]:
    """The versions that answer at a track's address."""
    api = client_for(tracks.addresses[track], world.settings)
    return {api.version() for _ in range(4)}


def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for another thread."""
    Waiter().until(what, lambda: Seen("not yet", holds(), None), timeout=30)


# Where they lead.


def test_each_track_is_asked_at_an_address_of_its_own(world: World, opened: Tracks) -> None:
    opened.wait_until_served(world.context.waiter, world.context.api)
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
