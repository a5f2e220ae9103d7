"""What runs pods, other than the two Deployments of a release: how far it is; pure readers."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_canary.k8s.objects import Object, condition, is_over, is_ready, state
from pytest_canary.k8s.rollout import rollout

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod")
"""The kinds that have pods which are waited for."""


def own_pods(workload: Object, pods: Iterable[Object], kind: str) -> list[Object]:
    """A workload's own pods: that it owns itself; of a Pod, that one.

    Args:
        workload: a StatefulSet, DaemonSet, ReplicaSet, Job or Pod.
        pods: the namespace's.
        kind: the workload's, as a list leaves it out.
    """
    name = workload["metadata"]["name"]
    if kind == "Pod":
        return [pod for pod in pods if pod["metadata"]["name"] == name]
    return [
        pod
        for pod in pods
        for owner in pod["metadata"].get("ownerReferences", [])
        if (owner["kind"], owner["name"]) == (kind, name)
    ]


def progress(workload: Object, kind: str, pods: Iterable[Object]) -> tuple[bool, str]:
    """Whether a workload has come to rest with what its spec asks for, and what is there, in words.

    Args:
        workload: as the API server has it.
        kind: its kind.
        pods: the namespace's.
    """
    name = workload["metadata"]["name"]
    spec, status = workload.get("spec", {}), workload.get("status", {})
    seen = workload["metadata"].get("generation", 0) <= status.get("observedGeneration", 0)
    if kind == "Deployment":
        known = rollout(workload)
        return known.done, known.text
    if kind == "Job":
        done = condition(workload, "Complete").get("status") == "True"
        return done, f"Job {name} {'is complete' if done else 'runs'}"
    if kind == "Pod":
        done = is_ready(workload) or workload.get("status", {}).get("phase") == "Succeeded"
        return done, f"pod {name} {state(workload)}"
    if kind == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        ready, fresh = status.get("numberReady", 0), status.get("updatedNumberScheduled", 0)
    else:
        wanted = spec.get("replicas", 1)
        ready = status.get("readyReplicas", 0)
        # A ReplicaSet makes pods of one template alone.
        fresh = status.get("updatedReplicas", 0) if kind == "StatefulSet" else wanted
        # Who sets this waits for somebody to delete its pods.
        if spec.get("updateStrategy", {}).get("type") == "OnDelete":
            fresh = wanted
    held = [
        f"{pod['metadata']['name']} {state(pod)}"
        for pod in own_pods(workload, pods, kind)
        if not is_ready(pod) and not is_over(pod)
    ]
    text = f"{kind} {name} {ready}/{wanted} ready"
    return seen and ready >= wanted and fresh >= wanted, "; ".join([text, *held])
