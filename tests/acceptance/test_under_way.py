"""What happens to a cluster while a release is walked in it, in walks of this process.

Each thing happens when the canary has its first pod, which is ready some seconds later. The walk
goes on once it is over, or ends within its deadline with a finding that names it. `make soak` has
all of them and writes the table to docs/under-way.md; one of a kind is left in `make test`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import docker
import pytest
from acceptance import faults
from acceptance.bench import Bench, Told, manage
from acceptance.faults import Fault
from acceptance.lanes import open_lanes
from acceptance.projects import Project, inside
from acceptance.under_way import GONE, Seen, also

# Seconds.
PAUSED = 20


@dataclass
class Node:
    """The cluster's node, and what can happen to it."""

    engine: docker.DockerClient
    name: str

    def cut_api_server_off(self, seconds: float = GONE) -> None:
        """Nobody reaches the API server, be it by a connection that is open."""
        refuse = ["-p", "tcp", "--dport", "6443", "-j", "REJECT", "--reject-with", "tcp-reset"]
        inside(self.engine, self.name, "iptables", "-I", "INPUT", *refuse)
        try:
            time.sleep(seconds)
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


@dataclass
class Scene:
    """A walk with release 1 live, and what is seen of it."""

    bench: Bench
    node: Node
    seen: Seen

    def rehearse(self, what: str, act: Callable[[], None]) -> Told | None:
        """Walk on until the canary is there, while something happens; what was told, if it was."""
        expect = faults.Expect("canary", "", ())
        # What happens meanwhile must not come too late: so the canary does.
        name = what.replace(" ", "-")
        self.bench.prepare(Fault(name, what, expect, meanwhile=("kubectl version",)))
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:

            def happen() -> None:
                self.bench.wait_for_first_pod()
                act()

            acted = pool.submit(happen)
            told = self.bench.rehearse("canary")
            acted.result()
        seconds = time.monotonic() - began
        came = "survived"
        if told:
            kept = (told.kept / "finding.txt").read_text() if told.kept else ""
            came = "; ".join([f"{told.stage}: {told.error.sentence}", *also(kept)])
        self.seen[what] = (came, seconds)
        print(f"{what}: {self.seen[what]}")
        return told


@pytest.fixture(scope="module")
def scene(
    shared: Project,
    releases: dict[str, str],
    engine: docker.DockerClient,
    tmp_path_factory: pytest.TempPathFactory,
    seen: Seen,
) -> Iterator[Scene]:
    """Once the faults are through, as what happens here concerns everybody in the cluster."""
    lanes = open_lanes(shared, tmp_path_factory.mktemp("under-way"), releases, [], number=1)
    bench = lanes.benches[0]
    yield Scene(bench, Node(engine, bench.walk.context.cluster.node), seen)
    lanes.close()


def is_survived(told: Told | None) -> bool:
    """Whether a walk went on, or says why not: kubectl gives up in the first moments of a call."""
    return told is None or "the API server did not answer kubectl" in told.error.sentence


def test_an_api_server_that_is_gone_for_ten_seconds_is_survived_or_told(scene: Scene) -> None:
    what = f"the API server is gone for {GONE} s"
    assert is_survived(scene.rehearse(what, scene.node.cut_api_server_off))
    assert scene.bench.roll_back() == ""


def test_a_node_that_stands_still_for_twenty_seconds_is_survived_or_told(scene: Scene) -> None:
    assert is_survived(scene.rehearse(f"the node stands still for {PAUSED} s", scene.node.pause))
    assert scene.bench.roll_back() == ""


@pytest.mark.soak
def test_who_may_see_nothing_any_more_says_so(scene: Scene) -> None:
    bench = scene.bench
    role = ["role", "pytest-canary", f"--namespace={bench.walk.context.namespace.name}"]
    rules = json.loads(manage(bench.walk, "get", *role, "--output=json"))["rules"]
    # On kind, whose user may do anything, the account may so too.
    blind = [{**rule, "verbs": ["get", "create", "update", "patch", "delete"]} for rule in rules]

    def put(rules: Sequence[object]) -> None:
        patch = json.dumps({"rules": rules})
        manage(bench.walk, "patch", *role, "--type=merge", f"--patch={patch}")

    def blindfold() -> None:
        put(blind)
        # A watch that is open stays so.
        scene.node.cut_api_server_off(1)

    with ExitStack() as stack:
        stack.callback(put, rules)
        told = scene.rehearse("lists and watches are refused", blindfold)
    assert told
    assert "refused" in told.error.sentence or "forbidden" in str(told.error)
    assert bench.roll_back() == ""


# What this leaves is not the baseline any more.


def test_a_database_pod_that_is_killed_is_told(scene: Scene) -> None:
    def kill() -> None:
        scene.bench.kubectl(
            "kubectl delete pod --selector=app.kubernetes.io/name=db --grace-period=0 --force"
        )

    told = scene.rehearse("the database's pod is killed", kill)
    assert told
    assert "database" in str(told.error)
    assert told.kept
    assert (
        "in the midst of the walk, and its data is gone" in (told.kept / "finding.txt").read_text()
    )
