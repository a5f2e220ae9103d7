"""A throw-away kind cluster, on pytest-kind's KindCluster."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_kind

from pytest_canary.cluster import downloads
from pytest_canary.cluster.container_engine import node_name
from pytest_canary.cluster.downloads import KIND, KUBECTL
from pytest_canary.cluster.image_loading import CTR
from pytest_canary.cluster.kind_config import NODE_PORT_RANGE, config
from pytest_canary.cluster.node_memory import NodeMemory
from pytest_canary.cluster.node_network import NodeNetwork
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.objects import node_is_ready
from pytest_canary.k8s.rollout import rollout

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.k8s.namespace_api import NamespaceApi

# Seconds until kubectl has to forward a port, and lines of what it says that are kept.
FORWARDED = 30
SAID = 20


class Cluster(pytest_kind.KindCluster):  # type: ignore[misc]
    """pytest-kind's KindCluster, whose commands have deadlines and keep their output.

    `kubectl()` is pytest-kind's own.

    The plugin's own: `processes`, `network`, `memory`, `host_port`, `wait_for_containerd`,
    `wait_until_ready`.

    Args:
        name: the cluster's name.
        folder: where its files go: kind's configuration and the kubeconfig, which is never the
            user's own.
        image: the node image; None for kind's default.
        kind: the kind program; None for the one on PATH, or a download where there is none.
        kubectl: the same for kubectl.
        processes: run the commands of kind, docker and kubectl; without them, processes of its own.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        image: str | None = None,
        kind: Path | None = None,
        kubectl: Path | None = None,
        processes: Processes | None = None,
    ) -> None:
        # Not by pytest-kind's own, which makes a folder in the current one: nothing would go into
        # it, and a signal may come before it is removed.
        self.name = name
        self.path = folder
        self.kubeconfig_path: Path = folder / "kubeconfig"
        self.image = image
        self.platform = platform.system().lower()
        self.kind_path = kind or _on_path("kind") or KIND.path
        self.kubectl_path = kubectl or _on_path("kubectl") or KUBECTL.path
        self.folder = folder
        self.node = node_name(name)
        self.processes = processes or Processes()

    @contextlib.contextmanager
    def port_forward(
        self,
        service_or_pod_name: str,
        remote_port: int,
        *args: str,
        local_port: int | None = None,
        retries: int = 1,  # noqa: ARG002 (who calls pytest-kind's may give it)
    ) -> Iterator[int]:
        """A port of this machine that leads to a Service or a pod, while the context lasts.

        pytest-kind's own starts kubectl anew until its retries are used up, and without PATH.

        Args:
            service_or_pod_name: as kubectl takes it: "service/shop-lb".
            remote_port: the Service's or the pod's.
            args: of kubectl's, such as "--namespace=shop".
            local_port: the port; None for a free one.
            retries: not needed.

        Raises:
            ClusterError: kubectl does not forward it.
        """
        self.ensure_kubectl()
        ports = f"{local_port or ''}:{remote_port}"
        argv: list[str | Path] = [
            self.kubectl_path,
            "port-forward",
            service_or_pod_name,
            ports,
            *args,
        ]
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig_path)}
        own, said = self.processes.part(), list[str]()

        def hear(line: str) -> None:
            # It says something of every connection, too.
            if len(said) < SAID:
                said.append(line)

        with ThreadPoolExecutor(1, thread_name_prefix="port-forward") as pool:
            # It lasts as long as the context does, whose end kills it.
            forwarding = pool.submit(own.run, argv, timeout=math.inf, env=environment, heard=hear)

            def look() -> Seen[int]:
                ended = forwarding.done()
                text = "\n".join(said)
                found = re.search(r"Forwarding from 127\.0\.0\.1:(\d+) ", text)
                if ended:
                    error = forwarding.exception()
                    why = text or error or "kubectl has ended"
                    raise ClusterError(f"{service_or_pod_name} can't be forwarded: {why}")
                return Seen(text or "nothing", bool(found), int(found[1]) if found else 0)

            try:
                yield Waiter().until(f"a port for {service_or_pod_name}", look, timeout=FORWARDED)
            finally:
                own.kill_until_done(forwarding)

    def ensure_kind(self) -> None:
        """Download kind where it is neither given nor on PATH.

        Raises:
            ClusterError: it can't be had.
        """
        downloads.ensure(KIND, self.kind_path)

    def ensure_kubectl(self) -> None:
        """The same for kubectl."""
        downloads.ensure(KUBECTL, self.kubectl_path)

    def exists(self) -> bool:
        """Whether kind knows a cluster of this name."""
        return self.name in self._kind("get", "clusters", timeout=60).split()

    def create(
        self, *, mount: str, timeout: float = 300, heard: Callable[[str], None] | None = None
    ) -> None:
        """`kind create cluster`; returns when the API server answers, the node may not be ready.

        Args:
            mount: a path in the node that tells whose it is.
            timeout: seconds until it is given up.
            heard: told what kind says.

        Raises:
            ClusterError: with kind's output.
        """
        path = self.folder / "kind.yaml"
        path.write_text(config(mount))
        options = [f"--image={self.image}"] if self.image else []
        self._kind(
            "create",
            "cluster",
            f"--name={self.name}",
            f"--config={path}",
            f"--kubeconfig={self.kubeconfig_path}",
            *options,
            timeout=timeout,
            heard=heard,
        )

    def delete(self, timeout: float = 120) -> None:
        """`kind delete cluster`; also of one that was never finished, or is gone already."""
        self._kind(
            "delete",
            "cluster",
            f"--name={self.name}",
            f"--kubeconfig={self.kubeconfig_path}",
            timeout=timeout,
        )

    def wait_for_containerd(self, waiter: Waiter, timeout: float) -> None:
        """Return when the node can take images, which is well before Kubernetes runs on it."""
        argv = ["docker", "exec", self.node, "ctr", "version"]

        def look() -> Seen[None]:
            try:
                self.processes.run(argv, timeout=20)
            except CommandError as error:
                return Seen(error.last_words, False, None)
            return Seen("containerd answers", True, None)

        waiter.until(f"containerd on {self.node}", look, timeout=timeout)

    def wait_until_ready(self, waiter: Waiter, namespace: NamespaceApi, timeout: float) -> None:
        """Return when every node takes pods, and names resolve in them."""
        system = namespace.beside("kube-system")

        def look() -> Seen[None]:
            nodes = namespace.cluster.nodes()
            slow = [n["metadata"]["name"] for n in nodes if not node_is_ready(n)]
            # An app that starts before CoreDNS can't find its database, and may be slow to retry.
            found = [rollout(each) for each in system.objects("Deployment")]
            slow += [each.name for each in found if not each.available]
            text = f"not ready: {', '.join(slow)}" if slow else f"{len(nodes)} ready"
            return Seen(text, bool(nodes) and not slow, None)

        waiter.until("the nodes and CoreDNS to be ready", look, timeout=timeout)

    def images(self) -> list[str]:
        """The full names of the images on the node."""
        argv = ["docker", "exec", self.node, *CTR, "images", "ls", "-q"]
        return sorted(self.processes.read(argv, timeout=60).split())

    @property
    def network(self) -> NodeNetwork:
        """What the node's kernel does with connections."""
        return NodeNetwork(self.node, self.processes)

    @property
    def memory(self) -> NodeMemory:
        """What the node's kernel counts that pods hold."""
        return NodeMemory(self.node, self.processes)

    def host_port(self, engine: ContainerEngine, node_port: int) -> int:
        """The loopback port that a node port is mapped to.

        Raises:
            ClusterError: the node port is outside the mapped range.
        """
        mapped = engine.host_port(self.node, node_port)
        if mapped is None:
            raise ClusterError(
                f"node port {node_port} is not mapped to this machine; the Service must leave "
                f"nodePort to Kubernetes, which takes one of {NODE_PORT_RANGE}"
            )
        return mapped

    def _kind(self, *words: str, timeout: float, heard: Callable[[str], None] | None = None) -> str:
        self.ensure_kind()
        try:
            return self.processes.read([self.kind_path, *words], timeout=timeout, heard=heard)
        except CommandError as error:
            raise ClusterError(f"cluster {self.name}: {error.sentence}", error.evidence) from error


def _on_path(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found) if found else None
