"""What a run asks of the whole cluster: its nodes, all pods, other namespaces."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence

from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.objects import Object
from pytest_canary.k8s.paths import path_of


class ClusterApi:
    """The cluster around a namespace.

    Args:
        connection: the way to its API server.
        namespace: the run's own, whose pods are measured, and which errors name.
    """

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self._namespace = namespace

    def now(self) -> datetime.datetime:
        """What the cluster's clock says, as the API server's answers tell it."""
        return self._connection.now()

    def nodes(self) -> list[Object]:
        """Every node of the cluster."""
        return self._items("list the nodes", "Node")

    def all_pods(self) -> list[Object]:
        """Every pod of the cluster, of all namespaces."""
        return self._items("list all pods", "Pod")

    def namespaces(self, **selector: str) -> list[Object]:
        """The cluster's namespaces.

        Args:
            selector: `labelSelector` or `fieldSelector`; without one, all of them.
        """
        return self._items("list the namespaces", "Namespace", **selector)

    def other_namespaces(self, label: str) -> list[str]:
        """The names of other namespaces with a label."""
        names = [item["metadata"]["name"] for item in self.namespaces(labelSelector=label)]
        return [name for name in names if name != self._namespace]

    def memory(self, node: str) -> dict[str, tuple[float, float]]:
        """What the namespace's pods on a node hold, as its kubelet last measured it.

        Returns:
            By pod: seconds since the epoch, and the working set in bytes.

        Raises:
            ClusterError: the kubelet may not be asked, or does not answer.
        """
        told = self._connection.ask(
            f"ask the kubelet of node {node}",
            self._namespace,
            path_of("Node", node, "proxy", "stats", "summary"),
        )
        return memory_of(json.loads(told or b"{}"), self._namespace)

    def _items(self, what: str, kind: str, **selector: str) -> list[Object]:
        return self._connection.items(what, self._namespace, path_of(kind), **selector)


def memory_of(summary: Object, namespace: str) -> dict[str, tuple[float, float]]:
    """What a namespace's pods hold, by a kubelet's summary: seconds since the epoch, and bytes.

    A kubelet looks every 10 to 20 s, at a pod and at its containers at different times. They differ
    by the sandbox alone, which is below 1 MB: whichever is newer is told, as a window is short.
    """
    found = {}
    for pod in summary.get("pods", []):
        if pod["podRef"]["namespace"] != namespace:
            continue
        told = [_measurement([pod]), _measurement(pod.get("containers", []))]
        measured = [each for each in told if each]
        if measured:
            found[str(pod["podRef"]["name"])] = max(measured)
    return found


def _measurement(parts: Sequence[Object]) -> tuple[float, float] | None:
    """Seconds since the epoch and bytes of what has been measured; None where nothing was."""
    held = [each.get("memory", {}) for each in parts]
    measured = [each for each in held if "workingSetBytes" in each]
    if not measured:
        return None
    at = max(datetime.datetime.fromisoformat(each["time"]) for each in measured)
    return at.timestamp(), float(sum(int(each["workingSetBytes"]) for each in measured))
