"""Kubernetes objects as the API server has them, made from the bundled manifests."""

import datetime
import hashlib
import string
from pathlib import Path
from typing import Any

import yaml

from pytest_canary.manifests.composing import fastest_loader

Object = dict[str, Any]


def copied(value: Any) -> Any:
    """A copy of what JSON can say, in a third of the time that `copy.deepcopy` takes."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def deployment(manifest: Path, name: str, replicas: int, image: str) -> Object:
    """The Deployment that apply.sh makes of a template."""
    return next(
        each for each in applied(manifest, name, replicas, image) if each["kind"] == "Deployment"
    )


def applied(manifest: Path, name: str, replicas: int, image: str) -> list[Object]:
    """All that apply.sh makes of a template."""
    values = {"deployment": name, "replicas": str(replicas), "img": image, "PORT": "3000"}
    text = string.Template(manifest.read_text()).substitute(values)
    return list(yaml.load_all(text, Loader=fastest_loader()))


def service(manifest: Path, node_port: int) -> Object:
    """The Service that kubectl makes of its manifest."""
    found: Object = yaml.load(manifest.read_text(), Loader=fastest_loader())
    for port in found["spec"]["ports"]:
        port["nodePort"] = node_port
    return found


def template_hash(deployed: Object) -> str:
    """The hash that the pods of a template and their ReplicaSet are named with."""
    return hashlib.sha256(str(deployed["spec"]["template"]).encode()).hexdigest()[:10]


def pod(deployed: Object, number: int) -> Object:
    """A ready pod of a Deployment."""
    name, digits = deployed["metadata"]["name"], template_hash(deployed)
    template = copied(deployed["spec"]["template"])
    image = template["spec"]["containers"][0]["image"]
    container = template["spec"]["containers"][0]["name"]
    owner = {
        "apiVersion": "apps/v1",
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": "ReplicaSet",
        "name": f"{name}-{digits}",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-{digits}-{number:05}",
            "uid": f"uid-{name}-{digits}-{number:05}",
            "labels": {**template["metadata"]["labels"], "pod-template-hash": digits},
            "ownerReferences": [owner],
        },
        "spec": template["spec"],
        "status": {
            "phase": "Running",
            "podIP": f"10.244.0.{number}",
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "ContainersReady", "status": "True"},
                {"type": "Ready", "status": "True"},
            ],
            "containerStatuses": [
                {
                    "name": container,
                    "image": image,
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                }
            ],
        },
    }


def crashing(healthy: Object) -> Object:
    """The pod, whose container exits as soon as it starts."""
    sick = unready(healthy)
    reason = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}
    sick["status"]["containerStatuses"][0] |= {"restartCount": 2, "state": {"waiting": reason}}
    return sick


def unstartable(healthy: Object, message: str) -> tuple[Object, Object]:
    """The pod, whose container can't be started for a reason, and the event that tells so too."""
    sick, name = crashing(healthy), healthy["metadata"]["name"]
    waiting = {"reason": "CreateContainerError", "message": message}
    sick["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
    event = {
        "kind": "Event",
        "metadata": {"name": f"{name}.1"},
        "involvedObject": {"kind": "Pod", "name": name},
        "type": "Warning",
        "reason": "Failed",
        "message": message,
        "count": 1,
    }
    return sick, event


def unready(healthy: Object) -> Object:
    """The pod, whose readiness probe fails."""
    sick: Object = copied(healthy)
    for condition in sick["status"]["conditions"][1:]:
        condition["status"] = "False"
    sick["status"]["containerStatuses"][0]["ready"] = False
    return sick


def unpulled(healthy: Object, message: str) -> Object:
    """The pod, whose image its node can't pull."""
    sick = unready(healthy)
    waiting = {"waiting": {"reason": "ErrImagePull", "message": message}}
    sick["status"]["containerStatuses"][0] |= {"state": waiting}
    return sick


def ended(healthy: Object) -> Object:
    """The pod, told to end, which has; its kubelet has not cleared it away yet."""
    leaving: Object = terminating(healthy)
    leaving["status"]["phase"] = "Succeeded"
    return leaving


def terminating(healthy: Object) -> Object:
    """The pod on its way out; it may be ready all the same."""
    leaving: Object = copied(healthy)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:01:00Z"
    return leaving


def killed(healthy: Object, seconds: int = 20, **ended: object) -> Object:
    """The pod, told to end, whose container was killed so many seconds later."""
    leaving = terminating(healthy)
    grace = healthy["spec"]["terminationGracePeriodSeconds"]
    leaving["metadata"]["deletionGracePeriodSeconds"] = grace
    told = datetime.datetime.fromisoformat(leaving["metadata"]["deletionTimestamp"])
    at = told + datetime.timedelta(seconds=seconds - grace)
    end = {"exitCode": 137, "reason": "Error", "finishedAt": at.isoformat(), **ended}
    leaving["status"]["containerStatuses"][0]["state"] = {"terminated": end}
    return leaving


def endpoint_slice(service: str, pods: list[Object], ready: list[bool]) -> Object:
    """Where a Service sends connections."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {
            "name": f"{service}-85bpb",
            "labels": {
                "kubernetes.io/service-name": service,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        },
        "endpoints": [
            {
                "addresses": [each["status"]["podIP"]],
                "conditions": {"ready": yes, "serving": yes, "terminating": False},
                "targetRef": {"kind": "Pod", "name": each["metadata"]["name"]},
            }
            for each, yes in zip(pods, ready, strict=True)
        ],
        "ports": [{"name": "http", "port": 3000, "protocol": "TCP"}],
    }


def node(name: str) -> Object:
    """A node that takes pods."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "spec": {},
        "status": {
            "conditions": [
                {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasEnough"},
                {"type": "Ready", "status": "True", "reason": "KubeletReady"},
            ],
            "nodeInfo": {"kubeletVersion": "v1.35.4"},
        },
    }
