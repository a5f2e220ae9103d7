"""Which pods get the Service's connections, by the node's table; or why nobody can tell."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from fakes.clock import Clock
from fakes.server import Asked, Reply, Server

from pytest_canary.api.connections import AT_A_TIME
from pytest_canary.api.factory import client_for
from pytest_canary.cluster.conntrack import Connection, Entry, Table
from pytest_canary.config.settings import Settings
from pytest_canary.context.node_count import NodeCount
from pytest_canary.core.errors import ApiError, ClusterError, NotApplicable
from pytest_canary.k8s.objects import Object, Snapshot

API = {
    "read": {"method": "GET", "path": "/notes"},
    "write": {"method": "POST", "path": "/notes", "json": {"text": "{unique}"}},
}
CANARY, STABLE, OTHER = "10.244.0.5", "10.244.0.6", "10.244.0.7"

UNTOLD = "no api.version-header is set"


def pod(name: str, address: str, **status: Any) -> Object:
    return {"metadata": {"name": name}, "status": {"podIP": address, **status}}


class Node:
    """The kernel's table, and pods behind a real server.

    Attributes:
        table: what is in it.
        forgets: how many entries it keeps, the oldest go first; None for all.
        pods: those that there are.
    """

    def __init__(self, server: Server, settings: Settings) -> None:
        self.table: dict[Connection, Entry] = {}
        self.forgets: int | None = None
        self.pods = [pod("canary", CANARY), pod("stable", STABLE)]
        self.asked = 0
        self._turn = threading.Lock()
        self.clock = Clock()
        server.reply = self.reply
        self.count = NodeCount(
            client_for(server.url, settings),
            self.listed,
            lambda: Snapshot(pods={each["metadata"]["name"]: each for each in self.pods}),
            self.clock,
            UNTOLD,
        )

    def reply(self, asked: Asked) -> Reply:
        """Answer as the pod whose turn it is: every third connection is the canary's."""
        with self._turn:
            self.asked += 1
            self.enter(CANARY if self.asked % 3 == 0 else STABLE, asked.port)
        return Reply()

    def enter(self, address: str, port: int) -> None:
        """Note a connection that a pod has got."""
        node = "172.18.0.2"
        opened, replied = ("172.18.0.1", node, port, 30002), (address, node, 3000, port)
        self.table.pop(Connection(opened, replied), None)
        self.table[Connection(opened, replied)] = Entry(over=True, left=len(self.table))
        if self.forgets is not None:
            for oldest in list(self.table)[: -self.forgets]:
                del self.table[oldest]

    def listed(self) -> Table:
        with self._turn:
            return dict(self.table)

    def sample(self, connections: int, tolerated: float = 0.0) -> Any:
        return self.count.sample(lambda pod: str(pod["metadata"]["name"]), connections, tolerated)


@pytest.fixture
def node(server: Server, configured: Callable[..., Settings]) -> Node:
    return Node(server, configured(api=API))


def test_connections_are_counted_by_pod(node: Node) -> None:
    assert node.sample(9) == {"stable": 6, "canary": 3}
    assert node.sample(9) == {"stable": 6, "canary": 3}, "those from before are none of them"


def test_those_of_others_are_counted_too(node: Node) -> None:
    known = node.count.listed
    looks: list[int] = []

    def listed() -> Table:
        looks.append(1)
        if len(looks) == 2:
            for port in range(10):
                node.enter(STABLE, port)
        return known()

    node.count = NodeCount(node.count.api, listed, node.count.snapshot, node.clock, UNTOLD)
    assert node.sample(9) == {"stable": 16, "canary": 3}


def test_what_is_forgotten_soon_is_counted_before_that(node: Node, server: Server) -> None:
    """As a connection is that was reset: ten seconds later nothing tells of it."""
    node.forgets = 3 + AT_A_TIME

    def slow(asked: Asked) -> Reply:
        node.clock.time += 3
        return node.reply(asked)

    server.reply = slow
    assert node.sample(27) == {"stable": 18, "canary": 9}


def test_a_pod_that_goes_meanwhile_is_known_by_its_address(node: Node, server: Server) -> None:
    def gone(asked: Asked) -> Reply:
        node.pods = node.pods[-1:]
        return node.reply(asked)

    server.reply = gone
    assert node.sample(9) == {"stable": 6, "canary": 3}
    assert node.sample(9) == {"stable": 6, f"address {CANARY}": 3}


def test_a_pod_has_each_of_its_addresses_until_it_ends(node: Node) -> None:
    """A pod that has ended still tells the one that it had, which another may have by now."""
    node.pods = [
        pod("canary", OTHER, podIPs=[{"ip": OTHER}, {"ip": CANARY}]),
        pod("stable", STABLE),
        pod("migration", STABLE, phase="Succeeded"),
        pod("pending", ""),
        {"metadata": {"name": "new"}},
    ]
    assert node.sample(9) == {"stable": 6, "canary": 3}


def test_a_table_without_them_tells_nothing(node: Node) -> None:
    node.forgets = 8
    with pytest.raises(NotApplicable) as reason:
        node.sample(9)
    assert str(reason.value) == (
        "nobody can tell who gets the Service's connections: the node has 8 in its table where 9 "
        "were made, and no api.version-header is set"
    )


def test_a_few_that_are_not_in_the_table_make_no_difference(node: Node) -> None:
    node.forgets = 19
    assert node.sample(20).total() == 19


def test_a_node_that_does_not_tell_is_told(node: Node) -> None:
    def broken() -> Table:
        raise ClusterError("canary-1-control-plane does not list its connections: no conntrack")

    node.count = NodeCount(node.count.api, broken, node.count.snapshot, node.clock, UNTOLD)
    with pytest.raises(NotApplicable) as reason:
        node.sample(9)
    assert str(reason.value) == (
        "nobody can tell who gets the Service's connections: canary-1-control-plane does not list "
        "its connections: no conntrack, and no api.version-header is set"
    )


def test_connections_that_fail_are_weighed(node: Node, server: Server) -> None:
    def every_fifth_fails(asked: Asked) -> Reply:
        node.reply(asked)
        return Reply(500 if node.asked % 5 == 0 else 200)

    server.reply = every_fifth_fails
    assert node.sample(9, 0.2) == {"stable": 6, "canary": 3}
    with pytest.raises(ApiError, match="GET /notes of the Service answers with status 500, not 20"):
        node.sample(9, 0.1)
