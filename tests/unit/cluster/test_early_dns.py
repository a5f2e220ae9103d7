"""CoreDNS is looked at every second, and whatever keeps that from being said keeps nothing else."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from fakes.commands import Program

from pytest_canary.cluster.early_dns import SCRIPT, EarlyDns
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.processes import Processes

NODE = "canary-1-control-plane"

# As kind says it.
BEGUN = " • Starting control-plane 🕹️  ..."


def until_there(path: Path) -> None:
    for _ in range(500):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} does not come")


def test_it_is_said_in_the_node_as_soon_as_kubeadm_begins(tmp_path: Path, program: Program) -> None:
    """And not before: systemd may not like company while it starts."""
    program("docker", 'echo "$@" >asked.new; mv asked.new asked')
    with EarlyDns(NODE, Processes(), timeout=60) as dns:
        dns.hear(" ✓ Preparing nodes 📦 ")
        dns.hear(" • Writing configuration 📜  ...")
        assert not (tmp_path / "asked").exists()
        dns.hear(BEGUN)
        until_there(tmp_path / "asked")
        dns.hear(" ✓ Starting control-plane 🕹️")
    assert dns.notes == []
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
        with EarlyDns(NODE, processes, timeout=60) as dns:
            dns.hear(BEGUN)
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
    program: Program, script: str, why: str
) -> None:
    grace = 0.1 if "sleep" in script else 30
    program("docker", script)
    processes = Processes()
    with EarlyDns(NODE, processes, timeout=60, grace=grace) as dns:
        dns.hear(BEGUN)
    assert processes.alive() == []
    assert dns.notes == [f"CoreDNS is looked at every 10 s, not every second: {why}"]


def test_a_kind_that_says_something_else_is_not_waited_for(
    tmp_path: Path, program: Program
) -> None:
    program("docker", "touch asked")
    with EarlyDns(NODE, Processes(), timeout=60, grace=3600) as dns:
        dns.hear("the control plane is under way")
    (note,) = dns.notes
    assert note.endswith("the cluster was made before that could be said")
    assert not (tmp_path / "asked").exists()
