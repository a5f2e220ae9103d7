"""What is said of a machine: each row where all is well, where it isn't, and what to do then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_canary.doctor.machine import Disk, EngineSeen, Inotify, Machine, ProgramSeen
from pytest_canary.doctor.rows import Row, rows
from pytest_canary.doctor.table import conclusion, table

GB = 10**9
SOCKET = "unix:///var/run/docker.sock"
ENGINE = EngineSeen(version="29.1", endpoint=SOCKET, memory=16 * GB)
KIND = ProgramSeen("kind", "--kind-bin", Path("/bin/kind"), "0.33.0")
KUBECTL = ProgramSeen("kubectl", "--kind-kubectl-bin", Path("/bin/kubectl"), "v1.36.4")
URL = "https://mirror.example/kind"
WELL = Machine(
    engine=ENGINE,
    kind=KIND,
    kubectl=KUBECTL,
    memory=8 * GB,
    disk=Disk(Path("/var/lib/docker"), 70 * GB),
    inotify=Inotify(524_288, 512, 40),
    ephemeral=28_232,
)
PROXIES = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "127.0.0.1,localhost"}
THROUGH = replace(ENGINE, proxies=("http://proxy.example:3128",))


def row(machine: Machine, name: str) -> Row:
    return next(each for each in rows(machine) if each.name == name)


def test_a_machine_that_has_everything_is_told_so() -> None:
    found = rows(WELL)
    assert table(found).splitlines() == [
        "  engine   ok     Docker 29.1, at unix:///var/run/docker.sock",
        "  kind     ok     0.33.0, /bin/kind",
        "  kubectl  ok     v1.36.4, /bin/kubectl",
        "  memory   ok     8.0 GB free",
        "  disk     ok     70.0 GB free at /var/lib/docker",
        "  inotify  ok     472 of 512 instances free, 524,288 watches",
        "  ports    ok     127.0.0.1 has free ones; connections may come from 28,232",
        "  proxies  ok     none is set",
    ]
    assert conclusion(found) == "a walk can be made here"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"engine": EngineSeen(problem="no container engine answers: gone")},
            Row(
                "engine",
                "lacks",
                "no container engine answers: gone",
                "start Docker, or set DOCKER_HOST to an engine with Docker's API",
            ),
        ),
        (
            {"engine": EngineSeen(problem="no container engine answers: Permission denied")},
            Row(
                "engine",
                "lacks",
                "no container engine answers: Permission denied",
                "let your user use the engine's socket, as by its group, which is often docker",
            ),
        ),
        (
            {"engine": EngineSeen(problem="the docker command is needed: it can't be started")},
            Row(
                "engine",
                "lacks",
                "the docker command is needed: it can't be started",
                "install Docker, or an engine that has its API and its command",
            ),
        ),
        (
            {"engine": replace(ENGINE, endpoint="tcp://far.example:2375", is_here=False)},
            Row(
                "engine",
                "lacks",
                "Docker 29.1, at tcp://far.example:2375, which is another machine",
                "use one of this machine, or walk in a cluster that is there: --canary-context",
            ),
        ),
        (
            {"kind": ProgramSeen("kind", "--kind-bin", url=URL, problem="it can't be reached")},
            Row(
                "kind",
                "lacks",
                "it can't be reached",
                "install kind, or name it with --kind-bin; or name a mirror in KIND_DOWNLOAD_URL",
            ),
        ),
        (
            {"kind": ProgramSeen("kind", "--kind-bin", url=URL)},
            Row("kind", "ok", f"not on PATH; a walk downloads it once, from {URL}"),
        ),
        (
            {"kubectl": replace(KUBECTL, problem="`kubectl version` exits with code 1")},
            Row(
                "kubectl",
                "lacks",
                "`kubectl version` exits with code 1",
                "install kubectl, or name it with --kind-kubectl-bin",
            ),
        ),
        (
            {"memory": int(0.9 * GB)},
            Row(
                "memory",
                "lacks",
                "900.0 MB free, and a walk takes about 2.0 GB",
                "end what takes it, or use a machine with more",
            ),
        ),
        (
            {"memory": int(1.5 * GB)},
            Row(
                "memory",
                "doubt",
                "1.5 GB free, and a walk takes about 2.0 GB",
                "end what takes it, or use a machine with more",
            ),
        ),
        (
            {"memory": None, "engine": replace(ENGINE, memory=int(1.9 * GB))},
            Row(
                "memory",
                "lacks",
                "1.9 GB in the engine's machine, and a walk takes about 4.0 GB",
                "give that more, in the engine's settings",
            ),
        ),
        (
            {"memory": None, "engine": replace(ENGINE, memory=None)},
            Row("memory", "unknown", "the engine has not told it"),
        ),
        (
            {"disk": Disk(Path("/x"), 2 * GB)},
            Row(
                "disk",
                "lacks",
                "2.0 GB free at /x, and a walk takes about 6.0 GB",
                "make room, as with `docker system prune`, which removes what no container uses",
            ),
        ),
        (
            {"disk": None},
            Row("disk", "unknown", "where the engine keeps images is not on this machine"),
        ),
        (
            {"inotify": Inotify(192_536, 128, 100)},
            Row(
                "inotify",
                "lacks",
                "28 of 128 instances free, 192,536 watches; a node's programs end with "
                "'too many open files'",
                "sudo sysctl fs.inotify.max_user_instances=512",
            ),
        ),
        (
            {"inotify": Inotify(4_096, 10, 12)},
            Row(
                "inotify",
                "lacks",
                "0 of 10 instances free, 4,096 watches; a node's programs end with "
                "'too many open files'",
                "sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
            ),
        ),
        (
            {"ports": "Cannot assign requested address"},
            Row(
                "ports",
                "lacks",
                "no port of 127.0.0.1 can be listened on: Cannot assign requested address",
                "bring the loopback interface up, as with `sudo ip link set lo up`",
            ),
        ),
        (
            {"ephemeral": 1_000},
            Row(
                "ports",
                "doubt",
                "127.0.0.1 has free ones; connections may come from 1,000, and a verdict may take "
                "10,000",
                "sudo sysctl net.ipv4.ip_local_port_range='32768 60999', or a lower verdict.rate",
            ),
        ),
        (
            {"proxies": PROXIES, "unanswered": {"HTTPS_PROXY": "Connection refused"}},
            Row(
                "proxies",
                "lacks",
                "HTTPS_PROXY=http://proxy.example:3128 does not answer: Connection refused",
                "mend HTTPS_PROXY, or unset it",
            ),
        ),
        (
            {"proxies": PROXIES | {"NO_PROXY": "example.com,localhost"}, "engine": THROUGH},
            Row(
                "proxies",
                "doubt",
                "HTTPS_PROXY=http://proxy.example:3128; tests of your own may be sent to them on "
                "the way to 127.0.0.1",
                "export NO_PROXY=example.com,localhost,127.0.0.1",
            ),
        ),
        (
            {"proxies": PROXIES},
            Row(
                "proxies",
                "doubt",
                "HTTPS_PROXY=http://proxy.example:3128; the engine, which pulls images, has none "
                "of them",
                "set it in the engine's own settings where it has no other way to registries",
            ),
        ),
        (
            {"proxies": PROXIES | {"NO_PROXY": "*"}, "engine": THROUGH},
            Row("proxies", "ok", "HTTPS_PROXY=http://proxy.example:3128"),
        ),
    ],
    ids=lambda each: each.name if isinstance(each, Row) else "",
)
def test_what_is_wrong_is_told_with_what_to_do(changes: dict[str, object], expected: Row) -> None:
    machine = replace(WELL, **changes)  # type: ignore[arg-type]
    assert row(machine, expected.name) == expected
    assert bool(expected.next) == (expected.state in ("lacks", "doubt"))


def test_every_row_can_fail() -> None:
    machine = Machine(
        engine=EngineSeen(problem="gone"),
        kind=replace(KIND, problem="gone"),
        kubectl=replace(KUBECTL, problem="gone"),
        memory=0,
        disk=Disk(Path("/x"), 0),
        inotify=Inotify(0, 0, 0),
        ports="gone",
        proxies=PROXIES,
        unanswered={"HTTPS_PROXY": "gone"},
    )
    found = rows(machine)
    assert [each.name for each in found] == [each.name for each in rows(WELL)]
    assert {each.state for each in found} == {"lacks"}
    assert conclusion(found) == (
        "no walk can be made here before that is mended: engine, kind, kubectl, memory, disk, "
        "inotify, ports, proxies"
    )


def test_a_doubt_fails_nothing_and_is_named() -> None:
    found = rows(replace(WELL, ephemeral=1_000, disk=None))
    assert conclusion(found) == "a walk can be made here, and may fail by: ports"
    lines = table(found).splitlines()
    assert lines[4] == ("  disk     ?      where the engine keeps images is not on this machine")
    assert lines[7] == (
        "           next   sudo sysctl net.ipv4.ip_local_port_range='32768 60999', or a lower "
        "verdict.rate"
    )


def test_in_a_cluster_that_is_there_only_what_that_takes_is_asked_for() -> None:
    far = replace(ENGINE, is_here=False)
    found = rows(replace(WELL, kind=None, engine=far))
    assert [each.name for each in found] == ["engine", "kubectl", "disk", "proxies"]
    assert found[0].state == "ok"
