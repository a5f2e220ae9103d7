"""A walk in a cluster that it did not make: a namespace of its own there, images by a registry."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import yaml
from acceptance.projects import Project, needed

Make = Callable[[str], Project]
NAME = "someone-elses"


@dataclass
class Theirs:
    """Somebody's cluster, its kubeconfig, and a registry that its node pulls from."""

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def theirs(engine: docker.DockerClient, tmp_path: Path) -> Iterator[Theirs]:
    """A cluster with a registry at the same address for this machine and for its node."""
    port = free_port()
    config = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [
            {
                "role": "control-plane",
                "extraPortMappings": [
                    {"containerPort": port, "hostPort": port, "listenAddress": "127.0.0.1"}
                ],
            }
        ],
    }
    (tmp_path / "kind.yaml").write_text(yaml.safe_dump(config))
    kubeconfig = tmp_path / "theirs.yaml"
    image = [f"--image={needed('NODE_IMAGE')}"] if needed("NODE_IMAGE") else []
    common = [f"--name={NAME}", f"--kubeconfig={kubeconfig}"]
    create = ["kind", "create", "cluster", *common, f"--config={tmp_path / 'kind.yaml'}"]
    subprocess.run([*create, "--wait=120s", *image], check=True)
    try:
        # In the node's own network, so that localhost is the registry for it too.
        registry = engine.containers.run(
            needed("REGISTRY_IMAGE"),
            detach=True,
            network_mode=f"container:{NAME}-control-plane",
            environment={"REGISTRY_HTTP_ADDR": f":{port}"},
            labels={"pytest-canary": "test"},
        )
        try:
            node = engine.containers.get(f"{NAME}-control-plane")
            address = node.attrs["NetworkSettings"]["Networks"]["kind"]["IPAddress"]
            yield Theirs(kubeconfig, f"localhost:{port}", address)
        finally:
            registry.remove(force=True, v=True)
    finally:
        subprocess.run(["kind", "delete", "cluster", *common], check=True)


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
            f"--canary-context=kind-{NAME}",
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
