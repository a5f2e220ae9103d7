"""What happens to a cluster while a release is walked in it, on a real one.

Each thing happens when the canary has its first pod. The walk goes on once it is over, or ends
within its deadline with a finding that names it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import docker
import pytest
from acceptance import faults
from acceptance.bench import Bench, Told
from acceptance.faults import Fault
from acceptance.lanes import open_lanes
from acceptance.projects import Project, inside

HEALTHY = Fault("healthy", "nothing is wrong", faults.Expect("migration", "", ()))

# Seconds.
GONE = 10
PAUSED = 20


@dataclass
class Node:
    """The cluster's node, and what can happen to it."""

    engine: docker.DockerClient
    name: str

    def cut_api_server_off(self) -> None:
        """Nobody reaches the API server, be it by a connection that is open."""
        refuse = ["-p", "tcp", "--dport", "6443", "-j", "REJECT", "--reject-with", "tcp-reset"]
        inside(self.engine, self.name, "iptables", "-I", "INPUT", *refuse)
        try:
            time.sleep(GONE)
        finally:
            inside(self.engine, self.name, "iptables", "-D", "INPUT", *refuse)

    def pause(self) -> None:
        """Everything in it stands still."""
        container = self.engine.containers.get(self.name)
        container.pause()
        try:
            time.sleep(PAUSED)
        finally:
            container.unpause()


@pytest.fixture(scope="module")
def bench(
    shared: Project, releases: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """A walk with release 1 live."""
    folder = tmp_path_factory.mktemp("under-way")
    found = open_lanes(shared, folder, releases, [], number=1)
    yield found.benches[0]
    found.close()


@pytest.fixture(scope="module")
def node(bench: Bench, engine: docker.DockerClient) -> Node:
    """Its node."""
    return Node(engine, bench.walk.context.cluster.node)


def rehearse(bench: Bench, act: Callable[[], None], until: str = "canary") -> Told | None:
    """Walk on, while something happens."""
    bench.prepare(HEALTHY)
    with ThreadPoolExecutor(1) as pool:

        def happen() -> None:
            bench.wait_for_first_pod()
            act()

        acted = pool.submit(happen)
        told = bench.rehearse(until)
        acted.result()
    print(told.stage, told.error) if told else print("survived")
    return told


def test_an_api_server_that_is_gone_for_ten_seconds_is_survived(bench: Bench, node: Node) -> None:
    assert rehearse(bench, node.cut_api_server_off) is None
    assert bench.roll_back() == ""


def test_a_node_that_stands_still_for_twenty_seconds_is_survived(bench: Bench, node: Node) -> None:
    assert rehearse(bench, node.pause) is None
    assert bench.roll_back() == ""


def test_a_database_pod_that_is_killed_is_told(bench: Bench) -> None:
    def kill() -> None:
        bench.kubectl(
            "kubectl delete pod --selector=app.kubernetes.io/name=db --grace-period=0 --force"
        )

    told = rehearse(bench, kill)
    assert told
