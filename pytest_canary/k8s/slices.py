"""A Service without a selector, and the EndpointSlices that lead it to chosen pods: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_canary.k8s.objects import Object, containers

MANAGER = "pytest-canary"
"""Who writes the EndpointSlices; Kubernetes' own controller leaves others' alone."""

# What the Service and its EndpointSlices call their port, by which kube-proxy brings them together.
PORT = "http"


def selectorless(name: str) -> dict[str, Any]:
    """A Service that is reached from outside the cluster, and leads nowhere by itself."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": "NodePort", "ports": [{"name": PORT, "port": 80, "protocol": "TCP"}]},
    }


def target_port(service: Object, pod: Object) -> int | None:
    """The port of a pod that a Service's first port means; None where the pod has none so named."""
    port = service["spec"]["ports"][0]
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    named = (
        each
        for container in containers(pod)
        if not container.init
        for each in container.spec.get("ports") or []
    )
    return next((int(each["containerPort"]) for each in named if each.get("name") == target), None)


def slices_of(service: Object, pods: Iterable[tuple[Object, int]]) -> Mapping[str, dict[str, Any]]:
    """The EndpointSlices that lead a Service to pods, by name: one for each port they listen on.

    Args:
        service: as the API server has it; the slices are deleted with it.
        pods: ready ones, with their ports.
    """
    name, uid = service["metadata"]["name"], service["metadata"]["uid"]
    found: dict[str, dict[str, Any]] = {}
    for pod, port in pods:
        address = pod["status"]["podIP"]
        body = found.setdefault(
            f"{name}-{port}",
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": f"{name}-{port}",
                    "labels": {
                        "kubernetes.io/service-name": name,
                        "endpointslice.kubernetes.io/managed-by": MANAGER,
                    },
                    "ownerReferences": [
                        {"apiVersion": "v1", "kind": "Service", "name": name, "uid": uid}
                    ],
                },
                "addressType": "IPv6" if ":" in address else "IPv4",
                "endpoints": [],
                "ports": [{"name": PORT, "port": port, "protocol": "TCP"}],
            },
        )
        body["endpoints"].append(_endpoint(pod, address))
    return found


def _endpoint(pod: Object, address: str) -> dict[str, Any]:
    metadata = pod["metadata"]
    target = {key: metadata[key] for key in ("name", "namespace", "uid") if key in metadata}
    endpoint: dict[str, Any] = {
        "addresses": [address],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "targetRef": {"kind": "Pod", **target},
    }
    if "nodeName" in pod["spec"]:
        endpoint["nodeName"] = pod["spec"]["nodeName"]
    return endpoint
