"""How far workloads are that are none of the release's Deployments."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_canary.k8s.workloads import own_pods, progress


def workload(generation: int = 1, status: dict[str, Any] | None = None, **spec: Any) -> Any:
    """One called `queue`."""
    metadata = {"name": "queue", "generation": generation}
    return {"metadata": metadata, "spec": spec, "status": status or {}}


def pod(name: str, kind: str = "StatefulSet", ready: bool = True) -> Any:
    """A pod of it."""
    status = {"type": "Ready", "status": "True" if ready else "False"}
    return {
        "metadata": {"name": name, "ownerReferences": [{"kind": kind, "name": "queue"}]},
        "spec": {"containers": [{"name": "queue", "image": "queue:7"}]},
        "status": {"phase": "Running", "conditions": [status]},
    }


READY = {"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2}


@pytest.mark.parametrize(
    ("status", "done"),
    [
        (READY, True),
        (READY | {"observedGeneration": 0}, False),
        (READY | {"readyReplicas": 1}, False),
        (READY | {"updatedReplicas": 1}, False),
        ({}, False),
    ],
)
def test_a_stateful_set_is_ready_with_all_replicas_of_its_newest_template(
    status: dict[str, Any], done: bool
) -> None:
    assert progress(workload(status=status, replicas=2), "StatefulSet", [])[0] == done


def test_one_that_waits_for_its_pods_to_be_deleted_is_as_new_as_it_gets() -> None:
    held = workload(status=READY | {"updatedReplicas": 0}, replicas=2)
    held["spec"]["updateStrategy"] = {"type": "OnDelete"}
    assert progress(held, "StatefulSet", [])[0]


def test_what_holds_its_pods_up_is_told() -> None:
    pods = [pod("queue-0"), pod("queue-1", ready=False), pod("other-0", kind="Other")]
    held = workload(status=READY | {"readyReplicas": 1}, replicas=2)
    told = progress(held, "StatefulSet", pods)[1]
    assert told == "StatefulSet queue 1/2 ready; queue-1 running, not ready"
    assert [each["metadata"]["name"] for each in own_pods(held, pods, "StatefulSet")] == [
        "queue-0",
        "queue-1",
    ]


def test_a_daemon_set_is_ready_where_it_is_to_be() -> None:
    status = {
        "observedGeneration": 1,
        "desiredNumberScheduled": 1,
        "numberReady": 1,
        "updatedNumberScheduled": 1,
    }
    assert progress(workload(status=status), "DaemonSet", [])[0]
    assert not progress(workload(status=status | {"numberReady": 0}), "DaemonSet", [])[0]


def test_a_replica_set_has_one_template() -> None:
    status = {"observedGeneration": 1, "readyReplicas": 1}
    assert progress(workload(status=status), "ReplicaSet", [])[0]


def test_a_deployment_is_ready_as_its_rollout_is_done() -> None:
    status = {
        "observedGeneration": 1,
        "replicas": 1,
        "updatedReplicas": 1,
        "availableReplicas": 1,
        "readyReplicas": 1,
    }
    made = workload(status=status, replicas=1, template=pod("x"))
    assert progress(made, "Deployment", [])[0]
    made["status"]["availableReplicas"] = 0
    assert progress(made, "Deployment", []) == (False, "queue: 0/1 available, 1 ready")


def test_a_job_is_ready_when_it_is_complete() -> None:
    assert progress(workload(), "Job", []) == (False, "Job queue runs")
    complete = {"conditions": [{"type": "Complete", "status": "True"}]}
    assert progress(workload(status=complete), "Job", []) == (True, "Job queue is complete")


def test_a_pod_is_ready_or_has_succeeded() -> None:
    assert progress(pod("queue"), "Pod", []) == (True, "pod queue ready")
    assert progress(pod("queue", ready=False), "Pod", [])[0] is False
    over = pod("queue", ready=False)
    over["status"]["phase"] = "Succeeded"
    assert progress(over, "Pod", [])[0]
    assert own_pods(over, [over, pod("other")], "Pod") == [over]
