"""How a Service is reached in a cluster that the run did not make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from fakes.clock import Clock
from fakes.cluster import Namespace
from fakes.world import NewWorld
from fakes.world_settings import LOADED

from pytest_canary.context import expect
from pytest_canary.context.address import (
    TAKEN_UP,
    Address,
    answers,
    find_address,
    is_there,
    node_url,
)
from pytest_canary.core.errors import NotApplicable
from pytest_canary.core.waiting import Waiter
from pytest_canary.stages import canary


class Place:
    """A Service, a pod of it, and what can be reached from here."""

    def __init__(self, folder: Path, **spec: Any) -> None:
        self.namespace = Namespace(folder, folder / "deleted")
        self.namespace.proxied = "https://server/proxy"
        port = {"port": 80, "nodePort": 30007}
        self.service: dict[str, Any] = {
            "metadata": {"name": "shop-lb"},
            "spec": {"type": "LoadBalancer", "ports": [port], **spec},
        }
        for number, host in enumerate(("10.0.0.1", "10.0.0.2", "10.0.0.2")):
            ready = {"conditions": [{"type": "Ready", "status": "True"}], "hostIP": host}
            self.namespace.put(
                {"kind": "Pod", "metadata": {"name": f"shop-{number}"}, "status": ready}
            )
        self.reachable: set[str] = set()
        self.asked: list[str] = []
        self.clock = Clock()
        self.looks = 0

    def look(self) -> dict[str, Any]:
        self.looks += 1
        return self.service

    def reaches(self, host: str, port: int) -> bool:
        assert port == 30007
        self.asked.append(host)
        return host in self.reachable

    def find(self) -> Address:
        return find_address(
            self.namespace, self.look, Waiter(self.clock), 120, reaches=self.reaches
        )

    @property
    def waited(self) -> float:
        return self.clock.monotonic()

    def take_up(self) -> None:
        """What a cloud says as soon as it sees the Service."""
        about = {"kind": "Service", "name": "shop-lb"}
        event = {"kind": "Event", "metadata": {"name": "e"}, "involvedObject": about}
        self.namespace.put(event)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("ingress", "url"),
    [
        ({"ip": "203.0.113.7"}, "http://203.0.113.7:80"),
        ({"ip": "2001:db8::7"}, "http://[2001:db8::7]:80"),
        ({"hostname": "lb.example.com"}, "http://lb.example.com:80"),
    ],
)
def test_a_clouds_address_is_the_first_choice(
    place: Place, ingress: dict[str, str], url: str
) -> None:
    place.service["status"] = {"loadBalancer": {"ingress": [ingress]}}
    assert place.find() == Address(url)
    assert place.asked == []


def test_a_node_port_is_the_second_where_nobody_gives_addresses(place: Place) -> None:
    place.reachable.add("10.0.0.2")
    assert place.find() == Address("http://10.0.0.2:30007")
    assert place.asked == ["10.0.0.1", "10.0.0.2"], "each node once, as its pods tell"
    assert TAKEN_UP <= place.waited < TAKEN_UP + 1


def test_an_address_that_somebody_is_about_to_give_is_waited_for(place: Place) -> None:
    place.take_up()
    place.reachable.add("10.0.0.1")
    assert place.find() == Address("http://10.0.0.1:30007")
    assert 120 <= place.waited < 121


def test_a_service_of_type_node_port_is_not_waited_for(tmp_path: Path) -> None:
    place = Place(tmp_path, type="NodePort")
    place.reachable.add("10.0.0.1")
    assert place.find() == Address("http://10.0.0.1:30007")
    assert place.looks == 1


@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_where_nothing_else_leads_there_the_api_server_does_and_that_is_said(
    tmp_path: Path, policy: str
) -> None:
    place = Place(tmp_path, type="NodePort", externalTrafficPolicy=policy)
    if policy == "Local":
        place.reachable.add("10.0.0.1")  # which would send all of it to its own pods
    found = place.find()
    assert (found.url, found.session is None) == ("https://server/proxy", False)
    assert found.detour == (
        "the app is asked through the API server, as its Service gets no address and no node can "
        "be reached from here; that is not how its users reach it, so neither share nor loss says "
        "anything"
    )


def test_by_a_detour_rows_and_versions_are_asserted_and_neither_share_nor_loss(
    new_world: NewWorld,
) -> None:
    world = new_world(**LOADED)
    world.enter("canary")
    world.context.app.detour = "by a detour"
    canary.both_answer(world.context)
    canary.nothing_is_lost(world.context)
    unproven = (canary.share_is_fair, canary.no_request_is_lost, expect.no_more_lost_requests)
    for check in unproven:
        with pytest.raises(NotApplicable, match="by a detour"):
            check(world.context)


def test_through_the_api_server_each_request_brings_what_opens_it(new_world: NewWorld) -> None:
    world = new_world()
    world.rehearsal.enter("baseline")
    session = requests.Session()
    session.headers["Authorization"] = "Bearer t0ken"
    address = Address(world.context.api.base_url, session, "by a detour")
    world.context.app.open(address, world.context.waiter)
    assert world.context.api.credentials.headers == {"Authorization": "Bearer t0ken"}
    assert world.context.app.detour == "by a detour"
    expect.write_and_read(world.context)


def test_a_port_answers_or_does_not() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert answers("127.0.0.1", port)
        assert is_there("127.0.0.1", port)
    assert not answers("127.0.0.1", port)
    assert is_there("127.0.0.1", port), "kube-proxy refuses where a Service has no pod yet"
    assert not is_there("no-such-host.invalid", port)


def test_a_node_ports_url_is_that_of_the_first_node_that_is_reached(place: Place) -> None:
    pods = place.namespace.objects("Pod")
    assert node_url(pods, 30007, place.reaches) is None
    assert place.asked == ["10.0.0.1", "10.0.0.2"]
    place.reachable.add("10.0.0.2")
    assert node_url(pods, 30007, place.reaches) == "http://10.0.0.2:30007"
    six = [{**pods[0], "status": {**pods[0]["status"], "hostIP": "2001:db8::7"}}]
    assert node_url(six, 30007, lambda host, port: True) == "http://[2001:db8::7]:30007"
