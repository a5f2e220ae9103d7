"""Workloads beside the release's Deployments: why one does not become ready; pure."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import pods
from pytest_canary.diagnosis.jobs import find_refused_pod
from pytest_canary.diagnosis.subject import (
    Expected,
    LogKey,
    Look,
    Objects,
    look_at,
    newest_replica_set,
)
from pytest_canary.k8s.objects import Object, condition, is_ending
from pytest_canary.k8s.workloads import own_pods


def diagnose_workload(objects: Objects, workload: Object, kind: str) -> list[Finding]:
    """What is wrong with a workload, now.

    Args:
        objects: what there is.
        workload: as the API server has it.
        kind: its kind, as a list leaves it out.

    Returns:
        The findings, what is doomed before what is slow.
    """
    look = _look_at(objects, workload, kind)
    found = pods.fold([*pods.find(look), *_find_of_itself(objects, workload, kind)])
    return sorted(found, key=lambda finding: not finding.doomed)


def wanted_logs_of_workload(objects: Objects, workload: Object, kind: str) -> list[LogKey]:
    """The logs that would make the findings of a workload better."""
    return pods.wanted_logs(_look_at(objects, workload, kind))


def _look_at(objects: Objects, workload: Object, kind: str) -> Look:
    name = workload["metadata"]["name"]
    spec = workload["spec"]
    if kind == "Deployment":
        image = spec["template"]["spec"]["containers"][0]["image"]
        return look_at(objects, Expected(name, spec.get("replicas", 1), image), workload)
    made = own_pods(workload, objects.snapshot.pods.values(), kind)
    staying = [pod for pod in made if not is_ending(pod)]
    going = [pod for pod in made if is_ending(pod)]
    template = workload if kind == "Pod" else spec.get("template", {})
    expected = Expected(name, spec.get("replicas", 1), "")
    return Look(objects, expected, {"spec": {"template": template}}, None, staying, going, ())


def _find_of_itself(objects: Objects, workload: Object, kind: str) -> Iterator[Finding]:
    """What its controller says: that no pod may be made, or that a Job is over."""
    name = workload["metadata"]["name"]
    makers = [(kind, name)]
    if kind == "Deployment":
        newest = newest_replica_set(workload, objects.snapshot.replica_sets.values())
        makers = [("ReplicaSet", newest["metadata"]["name"])] if newest else []
    for maker, its_name in makers:
        if refused := find_refused_pod(objects.snapshot, its_name, maker):
            yield refused
    failed = condition(workload, "Failed")
    if kind == "Job" and failed.get("status") == "True":
        yield Finding(
            "JobFailed",
            f"Job {name} has failed: {failed.get('message') or failed.get('reason')}",
            where=f"Job {name}",
            next=f"kubectl logs job/{name}",
        )
