"""What a run has made in a whole cluster goes with it, and what is others' stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.kubectl import Kubectl

from pytest_canary.cluster.cluster_objects import remove_cluster_objects
from pytest_canary.cluster.record import Record
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.processes import Processes

RUN = "pytest-canary/run"


def crd(name: str, run: str) -> dict[str, Any]:
    """A CRD with a run's label."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name, "labels": {RUN: run}},
    }


def lane(run: str) -> dict[str, Any]:
    """An object of its kind, which no namespace has."""
    metadata = {"name": "fast", "labels": {RUN: run}}
    return {"apiVersion": "example.invalid/v1", "kind": "Lane", "metadata": metadata}


def record(kubectl: Kubectl) -> Record:
    """What run 1a2b has made."""
    made = ["CustomResourceDefinition.v1.apiextensions.k8s.io/a", "Lane.v1.example.invalid/fast"]
    return Record("1a2b", "shop", cluster_wide=made, kubectl=str(kubectl.path))


def remove(kubectl: Kubectl) -> None:
    """Remove it."""
    label = f"{RUN}=1a2b"
    remove_cluster_objects(record(kubectl), label, Path("kubeconfig"), Processes())


def test_only_what_carries_the_runs_label_goes_the_kind_after_its_objects(tmp_path: Path) -> None:
    kubectl = Kubectl(tmp_path)
    for each in (crd("a", "1a2b"), crd("b", "3c4d"), lane("1a2b")):
        kubectl.put(each)
    remove(kubectl)
    assert list(kubectl.objects()) == ["CustomResourceDefinition.v1.apiextensions.k8s.io/b"]
    assert [each.split()[1] for each in kubectl.asked] == [
        "Lane.v1.example.invalid",
        "CustomResourceDefinition.v1.apiextensions.k8s.io",
    ]


def test_a_kind_that_went_with_its_crd_is_gone(tmp_path: Path) -> None:
    kubectl = Kubectl(tmp_path)
    kubectl.behave(refuses='error: the server doesn\'t have a resource type "Lane"')
    remove(kubectl)


def test_what_does_not_go_is_told_with_how_to_see_it(tmp_path: Path) -> None:
    kubectl = Kubectl(tmp_path)
    kubectl.behave(refuses="error: timed out waiting for the condition")
    with pytest.raises(ClusterError) as raised:
        remove(kubectl)
    assert raised.value.sentence.startswith("Lane.v1.example.invalid of run 1a2b can't be removed")
    assert raised.value.sentence.endswith(
        f"see `kubectl get Lane.v1.example.invalid --selector={RUN}=1a2b`"
    )
    assert "timed out" in raised.value.evidence
