"""A walk in a cluster that it did not make: a namespace of its own there, images by a registry."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from acceptance.projects import Project, inside, needed, node_of

Make = Callable[[str], Project]
# One of a kind cluster's node ports, all of which have a port of this machine. This walk asks
# its Service by an address, so that it misses none.
NODE_PORT = "30007"


@dataclass
class Theirs:
    """Somebody's cluster, its kubeconfig, and a registry that its node pulls from."""

    context: str
    kubeconfig: Path
    registry: str
    address: str

    def kubectl(self, *words: str) -> str:
        """kubectl on that cluster."""
        argv = ["kubectl", f"--kubeconfig={self.kubeconfig}", *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def everything(self) -> set[str]:
        """What there is in the cluster; pods are its own, and come and go with its start."""
        kinds = "namespaces,deployments,services,secrets"
        return set(self.kubectl("get", kinds, "-A", "-o", "name").split())


@pytest.fixture
def theirs(engine: docker.DockerClient, addressbook_project: Make) -> Iterator[Theirs]:
    """A cluster that no walk in it has made, with a registry.

    That has the same address, localhost, for this machine and for the node. It is none that other
    tests share: what a kubelet has pulled once it pulls for every pod (KubeletEnsureSecretPulled-
    Images), under whatever name the image was loaded.
    """
    project = addressbook_project("theirs")
    (project.root / "test_release.py").unlink()
    assert project.pytest("--canary", "--canary-reuse", "--canary-until=cluster").code == 0
    name = node_of(engine, project)
    node = engine.containers.get(name)
    (mapped,) = node.ports[f"{NODE_PORT}/tcp"] or []
    port = mapped["HostPort"]

    def redirect(how: str) -> None:
        to = ["-p", "tcp", "--dport", NODE_PORT, "-j", "REDIRECT", "--to-ports", port]
        inside(engine, name, "iptables", "-t", "nat", how, "PREROUTING", *to)

    # In the node's own network, so that localhost is the registry for it too.
    registry = engine.containers.run(
        needed("REGISTRY_IMAGE"),
        detach=True,
        network_mode=f"container:{name}",
        environment={"REGISTRY_HTTP_ADDR": f":{port}"},
        labels={"pytest-canary": "test"},
    )
    try:
        redirect("-I")
        try:
            (record,) = project.runs
            address = node.attrs["NetworkSettings"]["Networks"]["kind"]["IPAddress"]
            context = f"kind-canary-{record.name}"
            yield Theirs(context, record / "kubeconfig", f"localhost:{port}", address)
        finally:
            redirect("-D")
    finally:
        registry.remove(force=True, v=True)
        project.pytest("--canary-reap")


def give_addresses(theirs: Theirs, stop: threading.Event) -> None:
    """What a cloud does: give every Service of type LoadBalancer an address."""
    status = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": theirs.address}]}}})
    while not stop.is_set():
        for line in theirs.kubectl("get", "services", "-A", "--no-headers").splitlines():
            namespace, name, kind, _, external, *_ = line.split()
            if kind == "LoadBalancer" and external == "<pending>":
                where = ["-n", namespace, "service", name, "--subresource=status"]
                theirs.kubectl("patch", *where, "--type=merge", "-p", status)
        time.sleep(0.5)


def test_a_walk_in_somebody_elses_cluster_leaves_it_as_it_was(
    addressbook_project: Make, releases: dict[str, str], theirs: Theirs
) -> None:
    project = addressbook_project("context")
    (project.root / "test_release.py").unlink()
    before = theirs.everything()
    kubeconfig = theirs.kubeconfig.read_text()
    stop = threading.Event()
    cloud = threading.Thread(target=give_addresses, args=(theirs, stop))
    cloud.start()
    try:
        walked = project.pytest(
            "--canary",
            f"--canary-baseline={releases['1']}",
            f"--canary-context={theirs.context}",
            f"--canary-registry={theirs.registry}",
            f"--kubeconfig={theirs.kubeconfig}",
        )
    finally:
        stop.set()
        cloud.join()
    assert walked.code == 0
    assert "3/3 of release 1" in walked.stage("rollback")
    assert walked.stage("cleanup").endswith("nothing left")
    assert "skipped" not in walked.text
    assert theirs.everything() == before
    assert theirs.kubeconfig.read_text() == kubeconfig
    assert project.runs == []
