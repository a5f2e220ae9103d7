"""API objects as they are, and what they say of themselves: pure readers."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Object = Mapping[str, Any]
"""A Kubernetes API object as JSON has it, or a part of one."""


@dataclass(frozen=True)
class Snapshot:
    """The objects of a namespace at one moment, each kind by name."""

    deployments: Mapping[str, Object] = field(default_factory=dict)
    replica_sets: Mapping[str, Object] = field(default_factory=dict)
    pods: Mapping[str, Object] = field(default_factory=dict)
    endpoint_slices: Mapping[str, Object] = field(default_factory=dict)
    services: Mapping[str, Object] = field(default_factory=dict)
    events: Mapping[str, Object] = field(default_factory=dict)


def condition(item: Object, kind: str) -> Object:
    """An object's condition; empty where it has none of that kind."""
    conditions = item.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


# Pods


def pods_of(pods: Iterable[Object], deployment: str) -> list[Object]:
    """The Deployment's own pods, by owner: labels may overlap with another Deployment's.

    A pod's owner is a ReplicaSet named after the Deployment and the pod's template hash.
    """
    mine = []
    for pod in pods:
        template = pod["metadata"].get("labels", {}).get("pod-template-hash", "")
        owners = pod["metadata"].get("ownerReferences", [])
        if any(
            o["kind"] == "ReplicaSet" and o["name"] == f"{deployment}-{template}" for o in owners
        ):
            mine.append(pod)
    return sorted(mine, key=lambda pod: str(pod["metadata"]["name"]))


def is_ending(pod: Object) -> bool:
    """Whether the pod has been told to end, and is still there."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_ready(pod: Object) -> bool:
    """Whether the pod is ready and is not on its way out."""
    if is_ending(pod):
        return False
    return condition(pod, "Ready").get("status") == "True"


def ready_since(pod: Object) -> datetime.datetime | None:
    """When a ready pod became so, by the cluster's clock; None where it is not ready."""
    told = condition(pod, "Ready").get("lastTransitionTime")
    return datetime.datetime.fromisoformat(told) if told and is_ready(pod) else None


def is_over(pod: Object) -> bool:
    """Whether the pod has ended for good, such as one that was evicted; another takes its place.

    A kubelet says so of one that was deleted when its last container has ended (since Kubernetes
    1.27). Until it is gone takes half a second more, now and then ten; and a finalizer may hold it.
    """
    return pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def images(pod: Object) -> set[str]:
    """The images that a pod's containers are to run, as its spec names them; or a template's."""
    return {container["image"] for container in pod["spec"]["containers"]}


def state(pod: Object) -> str:
    """What holds a pod up, in a few words."""
    if is_ending(pod):
        return "terminating"
    if is_ready(pod):
        return "ready"
    for status in _statuses(pod):
        for kind, detail in status.get("state", {}).items():
            if kind == "terminated" and detail.get("reason") == "Completed":
                continue
            if kind == "waiting":
                return str(detail.get("reason", "waiting"))
            if kind == "terminated":
                return f"exited with code {detail.get('exitCode')}"
    phase = str(pod.get("status", {}).get("phase", "Pending"))
    return "running, not ready" if phase == "Running" else phase


def _statuses(pod: Object) -> list[Object]:
    """What the kubelet tells of a pod's containers.

    Init containers first: the end of one says why the others are still "PodInitializing".
    """
    status = pod.get("status", {})
    return [
        *(status.get("initContainerStatuses") or []),
        *(status.get("containerStatuses") or []),
    ]


# Containers of a pod, with statuses

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def app_container(pod: Object, images: Collection[str]) -> Object:
    """The spec of the container that is the app, whatever sidecars are listed before it.

    Args:
        pod: has containers.
        images: those that the app's versions have.

    Returns:
        The container with one of the images; of several, or where none has one, the one that
        kubectl would choose.
    """
    listed: list[Object] = pod["spec"]["containers"]
    candidates = [each for each in listed if each["image"] in images] or listed
    named = pod["metadata"].get("annotations", {}).get(DEFAULT_CONTAINER)
    return next((each for each in candidates if each["name"] == named), candidates[0])


def container_status(pod: Object, name: str) -> Object:
    """What the kubelet tells of a container; empty where it has not said anything yet."""
    return next((status for status in _statuses(pod) if status["name"] == name), {})


@dataclass(frozen=True)
class Container:
    """A container of a pod: what it should be, and how it is.

    Attributes:
        spec: as the pod has it.
        status: as the kubelet tells; empty where it has not said anything yet.
        init: whether it must end before the others start.
        sidecar: whether it is listed with those, but must keep running.
    """

    pod: Object
    spec: Object
    status: Object
    init: bool
    sidecar: bool

    @property
    def name(self) -> str:
        """Its name in the pod."""
        return str(self.spec["name"])

    @property
    def pod_name(self) -> str:
        """The pod's name."""
        return str(self.pod["metadata"]["name"])

    @property
    def where(self) -> str:
        """The place, for a finding."""
        kind = "init container" if self.init else "container"
        return f"pod {self.pod_name}, {kind} {self.name}"

    @property
    def waiting(self) -> Object | None:
        """Why it waits, where it does."""
        found: Object | None = self.status.get("state", {}).get("waiting")
        return found

    @property
    def running(self) -> Object | None:
        """Since when it runs, where it does."""
        found: Object | None = self.status.get("state", {}).get("running")
        return found

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return int(self.status.get("restartCount", 0))

    def of(self, deployment: str) -> str:
        """What it is called in a sentence: the Deployment, where it is its only container."""
        if self.init:
            return f"{deployment}'s init container {self.name}"
        if self.sidecar or len(self.pod["spec"]["containers"]) > 1:
            return f"{deployment}'s container {self.name}"
        return deployment


def containers(pod: Object) -> Iterator[Container]:
    """A pod's containers, in the order in which they start."""
    for spec in pod["spec"].get("initContainers") or []:
        sidecar = spec.get("restartPolicy") == "Always"
        status = container_status(pod, spec["name"])
        yield Container(pod, spec, status, init=not sidecar, sidecar=sidecar)
    for spec in pod["spec"].get("containers") or []:
        yield Container(pod, spec, container_status(pod, spec["name"]), init=False, sidecar=False)


# Nodes and Services


def node_says(node: Object) -> str:
    """What the node's kubelet says about its readiness: reason and message."""
    ready = condition(node, "Ready")
    if not ready:
        return "its kubelet has not said anything yet"
    parts = (ready.get("reason"), ready.get("message"))
    return ": ".join(text for text in parts if text) or "it does not say why"


def node_is_ready(node: Object) -> bool:
    """Whether the node's kubelet says that it takes pods."""
    return condition(node, "Ready").get("status") == "True"


def endpoints(slices: Iterable[Object], service: str) -> set[str]:
    """The names of the pods that get the Service's connections now."""
    return {
        endpoint["targetRef"]["name"]
        for item in slices
        if item["metadata"].get("labels", {}).get("kubernetes.io/service-name") == service
        # Pods without the Service's target port are in a slice of their own, which has none.
        if item.get("ports")
        for endpoint in item.get("endpoints") or []
        if endpoint.get("conditions", {}).get("ready", True) and "targetRef" in endpoint
    }
