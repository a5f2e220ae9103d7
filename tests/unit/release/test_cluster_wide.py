"""Objects of the whole cluster: made with the run's label, or left as others have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import Clock
from fakes.kubectl import Kubectl
from fakes.manifest_sets import one
from fakes.prerequisites import ROLES, prerequisites

from pytest_canary.core.errors import ReleaseError, WaitTimeoutError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.manifests.documents import Document
from pytest_canary.release.cluster_wide import ClusterWide, contains

CRD = "CustomResourceDefinition.v1.apiextensions.k8s.io/lanes.example.invalid"
RUN = "pytest-canary/run"


class Cluster:
    """One with what it has, and a run that applies to it."""

    def __init__(self, folder: Path) -> None:
        self.kubectl = Kubectl(folder)
        self.noted: list[str] = []
        self.documents = prerequisites(folder / "shop", ROLES).cluster_wide()

    def own(self, *, alone: bool = False) -> ClusterWide:
        return ClusterWide(
            self.kubectl.path,
            Path("kubeconfig"),
            f"{RUN}=1a2b",
            alone=alone,
            note=self.noted.append,
            processes=Processes(),
            waiter=Waiter(Clock(step=1)),
        )

    def there(self, labels: dict[str, str] | None = None, **spec: Any) -> None:
        """Somebody has made the CRD."""
        body = json.loads(json.dumps(self.crd.value))
        body["metadata"]["labels"] = labels or {}
        body["spec"] |= {"conversion": {"strategy": "None"}, **spec}
        self.kubectl.put(body)

    @property
    def crd(self) -> Document:
        return one(self.documents, "CustomResourceDefinition")


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_what_is_not_there_is_made_with_the_runs_label_and_noted_before(cluster: Cluster) -> None:
    assert cluster.own().apply(cluster.documents) == []
    made = cluster.kubectl.objects()[CRD]
    assert made["metadata"]["labels"] == {RUN: "1a2b"}
    assert cluster.noted[0] == CRD
    assert len(cluster.noted) == len(cluster.documents)


def test_what_the_run_has_made_is_made_anew_as_a_version_changes_it(cluster: Cluster) -> None:
    cluster.there({RUN: "1a2b"}, scope="Cluster")
    cluster.own().apply([cluster.crd])
    assert cluster.kubectl.objects()[CRD]["spec"]["scope"] == "Namespaced"


def test_what_was_there_and_says_the_same_stays_as_it_is(cluster: Cluster) -> None:
    cluster.there({"team": "a"})
    kept = cluster.own().apply([cluster.crd])
    assert kept == ["CustomResourceDefinition lanes.example.invalid"]
    assert cluster.noted == []
    assert cluster.kubectl.objects()[CRD]["metadata"]["labels"] == {"team": "a"}


def refused(cluster: Cluster, **given: bool) -> str:
    """Why the CRD is not applied."""
    with pytest.raises(ReleaseError) as raised:
        cluster.own(**given).apply([cluster.crd])
    return raised.value.sentence.replace(cluster.crd.source.where(cluster.crd.line("kind")), "FILE")


def test_what_was_there_and_differs_is_not_overwritten(cluster: Cluster) -> None:
    cluster.there(scope="Cluster")
    assert refused(cluster) == (
        "CustomResourceDefinition lanes.example.invalid (FILE) is in the cluster already and "
        "differs from that, and is not this run's, so it stays as it is; let both say the same, or "
        "take it out of what is rehearsed"
    )
    assert cluster.kubectl.objects()[CRD]["spec"]["scope"] == "Cluster"


def test_what_another_run_has_made_goes_with_that(cluster: Cluster) -> None:
    cluster.there({RUN: "3c4d"})
    assert refused(cluster) == (
        "CustomResourceDefinition lanes.example.invalid (FILE) is in the cluster for run 3c4d, "
        "which removes it at its end; wait for that, or remove it with `pytest --canary-reap` "
        "where it ran"
    )
    # In a cluster of the project's own, it was left by a run that was killed.
    cluster.own(alone=True).apply([cluster.crd])
    assert cluster.kubectl.objects()[CRD]["metadata"]["labels"] == {RUN: "1a2b"}


def test_who_may_not_is_told_who_may(cluster: Cluster) -> None:
    cluster.kubectl.behave(
        refuses="Error from server (Forbidden): customresourcedefinitions.apiextensions.k8s.io is "
        'forbidden: User "it" cannot create resource'
    )
    assert refused(cluster).endswith(
        "(FILE) can't be applied: Error from server (Forbidden): "
        'customresourcedefinitions.apiextensions.k8s.io is forbidden: User "it" cannot create '
        "resource; have it applied by whoever runs the cluster, and take it out of what is "
        "rehearsed"
    )


def test_a_kind_is_waited_for_until_the_api_server_serves_it(cluster: Cluster) -> None:
    cluster.kubectl.behave(establishes=False)
    with pytest.raises(WaitTimeoutError, match=r"CRD lanes\.example\.invalid to be established"):
        cluster.own().apply([cluster.crd])
    cluster.kubectl.behave(establishes=True, serves=False)
    with pytest.raises(WaitTimeoutError, match="not served yet: v1"):
        cluster.own().apply([cluster.crd])


def test_a_kind_whose_names_another_has_is_not_waited_for(cluster: Cluster) -> None:
    cluster.kubectl.behave(conflict='"lanes" is already in use')
    assert refused(cluster).endswith(
        '(FILE) is not taken: "lanes" is already in use; give the kind names that no other CRD of '
        "the cluster has"
    )


@pytest.mark.parametrize(
    ("there", "wanted", "same"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, True),
        ({"a": [{"b": 1}]}, {"a": {"b": 1}}, False),
        ({"a": "x"}, {"a": {"b": 1}}, False),
    ],
)
def test_what_is_there_may_have_more_than_is_wanted(there: Any, wanted: Any, same: bool) -> None:
    assert contains(there, wanted) == same
