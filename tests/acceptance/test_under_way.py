"""What happens to a cluster while a release is walked in it, on a real one.

Each thing happens when the canary has its first pod, which is ready some seconds later, or as soon
as the walk has come to stage `canary`. The walk goes on once it is over, or ends within its
deadline with a finding that names it. `make soak` has all of them and writes the table to
docs/under-way.md; one of a kind is left in `make test`.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import docker
import pytest
from acceptance import faults
from acceptance.bench import Bench, Told, manage
from acceptance.faults import Fault
from acceptance.lanes import open_lanes
from acceptance.machines import Machine
from acceptance.projects import (
    NOTHING,
    ROOT,
    Project,
    Walked,
    inside,
    left,
    needed,
    node_of,
    nodes,
)
from acceptance.tables import write_table

# Seconds.
GONE = 10
PAUSED = 20
JUMP = 3600

ABOUT = """\
# What comes of trouble under way

What can happen beneath a release while it is walked, on a real cluster: each in the stage `canary`.
The walk goes on once it is over, or ends with a finding that names it. `make soak` writes this
table (`tests/acceptance/test_under_way.py`), and `make test` has a case of each kind. Seconds are
those of the stage, or of a whole session where the machine itself is in trouble, on two slow cores.
"""

Seen = dict[str, tuple[str, float]]


@pytest.fixture(scope="module")
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    """By what happens, what came of it and after how many seconds."""
    found: Seen = {}
    yield found
    rows = [(what, f"{seconds:.0f}", came) for what, (came, seconds) in found.items()]
    soaks = any("may_see_nothing" in item.name for item in request.session.items)
    folder = ROOT / ("docs" if soaks else "test-results")
    head = ("what happens", "seconds", "what came of it")
    write_table(folder / "under-way.md", head, rows, ABOUT)


def also(text: str) -> list[str]:
    """What else a failure's text says has happened."""
    lines = re.findall("^ *also +(.*)$", text, re.MULTILINE)
    return [f"also {line}" for line in dict.fromkeys(lines)]


# In a walk of this process.


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


# In a session of its own.


@dataclass
class Session:
    """A session of pytest in a project, to which something happens in its stage `canary`.

    Attributes:
        told: is written by the session then.
    """

    project: Project
    baseline: str
    told: Path
    seen: Seen

    def walk(
        self,
        what: str,
        act: Callable[[], None],
        *options: str,
        within: Callable[..., list[str]] = lambda *words: [*words],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Walked:
        """Walk to its end, while something happens.

        Args:
            what: happens, in words.
            act: makes it happen.
            options: of pytest's.
            within: makes the command one that runs elsewhere.
            environment: beside the project's.
        """
        command = self.project.command(
            "-p", "acceptance.striking", "--canary", f"--canary-baseline={self.baseline}", *options
        )
        self.told.unlink(missing_ok=True)
        began = time.monotonic()
        with subprocess.Popen(
            within(*command),
            cwd=self.project.root,
            env=self.project.environment
            | {
                "PYTHONPATH": str(ROOT / "tests"),
                "STRIKE": "by the test",
                "STRIKE_AT": "canary",
                "STRIKE_BESIDE": str(self.told),
            }
            | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as walking:
            try:
                with ThreadPoolExecutor(1) as pool:
                    text = pool.submit(walking.communicate, timeout=600)
                    while not self.told.exists() and not text.done():
                        time.sleep(0.1)
                    if self.told.exists():
                        act()
                    walked = Walked(walking.wait(), text.result()[0].decode())
            finally:
                walking.kill()
        print(walked.text)
        failed = re.findall("^canary: failed at canary/(.*)$", walked.text, re.MULTILINE)
        came = "; ".join(dict.fromkeys([*failed[:1], *also(walked.text)])) or "survived"
        self.seen[what] = (came, time.monotonic() - began)
        return walked


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [JUMP, -JUMP], ids=["forward", "back"])
def test_a_clock_that_jumps_is_survived_or_told(
    shared: Project,
    releases: dict[str, str],
    engine: docker.DockerClient,
    seen: Seen,
    tmp_path: Path,
    seconds: int,
) -> None:
    library, clock = tmp_path / "clock.so", tmp_path / "clock"
    source = ROOT / "tests" / "acceptance" / "clock.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    clock.write_text("0")
    way = "forward" if seconds > 0 else "back"

    def jump() -> None:
        clock.write_text(f"{seconds}")

    # What the walk of this process has stays.
    before = left(engine, shared, beside=node_of(engine, shared))
    session = Session(shared, releases["1"], tmp_path / "told", seen)
    walked = session.walk(
        f"this machine's clock jumps {way} by an hour",
        jump,
        "--canary-reuse",
        environment={"LD_PRELOAD": str(library), "CLOCK": str(clock)},
    )

    # By a clock that is an hour back, a cluster's certificates are not valid yet.
    told = f"this machine's clock was put {way} by 3,"
    assert walked.code == 0 or (seconds < 0 and told in walked.text)
    if walked.code:
        # The next run removes what this one could not.
        assert shared.pytest("--canary", "--canary-until=preflight").code == 0
    assert left(engine, shared, beside=node_of(engine, shared)) == before


@pytest.mark.soak
def test_a_proxy_that_leads_nowhere_is_in_nobodys_way(
    shared: Project, releases: dict[str, str], seen: Seen, tmp_path: Path
) -> None:
    """`make test` has it in the environment of the script's walk."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")
    session = Session(shared, releases["1"], tmp_path / "told", seen)
    walked = session.walk(
        "a proxy in the environment leads nowhere",
        lambda: None,
        "--canary-reuse",
        environment=dict.fromkeys(names, "http://127.0.0.1:9"),
    )
    assert walked.code == 0


@pytest.mark.soak
def test_disk_pressure_is_named(
    addressbook_project: Callable[[str], Project],
    releases: dict[str, str],
    engine: docker.DockerClient,
    seen: Seen,
    tmp_path: Path,
) -> None:
    """On a cluster of its own: the kubelet removes every image that no pod uses just now."""
    project = addressbook_project("pressed")
    settings = "/var/lib/kubelet/config.yaml"

    def press() -> None:
        (node,) = nodes(engine) - project.others
        less = r's/^\( *nodefs.available:\).*/\1 "99%"/'
        inside(engine, node, "sed", "-i", less, settings)
        inside(engine, node, "systemctl", "restart", "kubelet")

    session = Session(project, releases["1"], tmp_path / "told", seen)
    walked = session.walk("the node's disk is all but full", press)

    assert walked.code == 1
    assert "disk pressure" in walked.text or "disk-pressure" in walked.text
    assert left(engine, project) == NOTHING


@pytest.mark.soak
def test_an_engine_that_is_gone_for_ten_seconds_is_told(
    addressbook_project: Callable[[str], Project],
    releases: dict[str, str],
    engine: docker.DockerClient,
    seen: Seen,
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path, engine)
    with closing(machine):
        own = machine.start()
        machine.copy([needed("NODE_IMAGE"), needed("POSTGRES_IMAGE"), *releases.values()])
        project = addressbook_project("engineless")
        project.environment["DOCKER_HOST"] = machine.host
        project.others = frozenset()

        def restart() -> None:
            machine.kill()
            time.sleep(GONE)
            machine.start().close()

        session = Session(project, releases["1"], tmp_path / "told", seen)
        walked = session.walk(
            f"the container engine is killed, and back after {GONE} s",
            restart,
            # Nothing is in reach that a build could download.
            f"--canary-image={releases['2']}",
            within=machine.inside,
        )

        assert walked.code == 1
        assert (
            "was started again in the midst of the walk" in walked.text
            or "the container engine does not answer any more" in walked.text
        )
        if left(own, project) != NOTHING:
            assert project.pytest("--canary-reap").code == 0
        assert left(own, project) == NOTHING
        own.close()
