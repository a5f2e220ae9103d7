"""CoreDNS is looked at every second, and whatever keeps that from being said keeps nothing else."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_canary.cluster import early_dns
from pytest_canary.cluster.early_dns import SCRIPT, dns_seen_early
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter

NODE = "canary-1-control-plane"

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Makes a script that is found under a name; each begins in the test's folder."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def make(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
        path.chmod(0o755)

    return make


def until_there(path: Path) -> None:
    for _ in range(500):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} does not come")


def test_it_is_said_in_the_node_as_soon_as_that_is_there(tmp_path: Path, program: Program) -> None:
    program("docker", 'touch tried; [ -e node ] || exit 1; echo "$@" >asked')
    with dns_seen_early(NODE, Processes(), Waiter(), timeout=60) as told:
        until_there(tmp_path / "tried")
        (tmp_path / "node").touch()
        until_there(tmp_path / "asked")
    assert told == []
    asked = (tmp_path / "asked").read_text()
    assert asked == f"exec {NODE} timeout 60 sh -c {SCRIPT}\n"


def test_the_script_asks_until_kubeadm_has_made_the_deployment(
    tmp_path: Path, program: Program
) -> None:
    program(
        "curl", 'for each; do echo "$each"; done >asked; echo >>tries; [ $(wc -l <tries) -gt 2 ]'
    )
    subprocess.run(["sh", "-c", SCRIPT], check=True, timeout=60)
    assert (tmp_path / "tries").read_text() == "\n" * 3
    asked = (tmp_path / "asked").read_text().splitlines()
    assert {"--fail", "PATCH"} <= set(asked)
    assert asked[asked.index("--noproxy") + 1] == "*", "kind hands the machine's proxy to the node"
    assert asked[-1].endswith("/apis/apps/v1/namespaces/kube-system/deployments/coredns")
    told = json.loads(asked[asked.index("--data") + 1])
    (container,) = told["spec"]["template"]["spec"]["containers"]
    assert container == {"name": "coredns", "readinessProbe": {"periodSeconds": 1}}


def test_nothing_of_it_outlives_a_cluster_that_can_not_be_made(
    tmp_path: Path, program: Program
) -> None:
    program("docker", "echo $$ >pid.new; mv pid.new pid; exec sleep 60")
    processes = Processes()

    def make() -> None:
        with dns_seen_early(NODE, processes, Waiter(), timeout=60):
            until_there(tmp_path / "pid")
            raise ClusterError("kind has failed")

    with pytest.raises(ClusterError, match="kind has failed"):
        make()
    assert processes.alive() == []
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo hm; echo 'No such container: it' >&2; exit 1", "No such container: it"),
        ("exec sleep 60", "the cluster was made before that could be said"),
        ("exit 3", f"`docker exec {NODE}` exited with code 3"),
    ],
    ids=["refused", "no answer", "no word"],
)
def test_a_node_that_can_not_be_told_is_as_kubeadm_has_it(
    program: Program, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    monkeypatch.setattr(early_dns, "GRACE", 0.5)
    program("docker", script)
    processes = Processes()
    with dns_seen_early(NODE, processes, Waiter(), timeout=60) as told:
        pass
    assert processes.alive() == []
    assert told == [f"CoreDNS is looked at every 10 s, not every second: {why}"]


def test_where_another_part_has_failed_it_ends(tmp_path: Path, program: Program) -> None:
    program("docker", "echo >>tried; exit 1")

    def give_up(what: str, seen: str) -> None:
        raise ClusterError(f"gave up {what}; last seen: {seen}")

    with dns_seen_early(NODE, Processes(), Waiter(listener=give_up), timeout=60):
        until_there(tmp_path / "tried")
    assert (tmp_path / "tried").read_text() == "\n"
