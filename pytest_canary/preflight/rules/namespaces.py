"""Rules about where objects are: a release reaches the rehearsal's namespace, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.manifests.definitions import kinds
from pytest_canary.manifests.documents import Fault
from pytest_canary.manifests.scopes import is_cluster_wide
from pytest_canary.preflight.groups import DEPLOYMENTS
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject


@rule(
    "fixed-namespace",
    "an object in a namespace that is not the rehearsal's",
    DEPLOYMENTS,
    advice="leave `metadata.namespace` out; kubectl's context says which it is",
)
def fixed_namespace(subject: Subject) -> Iterator[Fault]:
    """The rehearsal has one namespace."""
    for document in subject.documents():
        found = document.at("metadata", "namespace")
        if found and found != subject.namespace:
            yield document.fault(
                ("metadata", "namespace"),
                f"{document.kind} {document.name} is fixed to a namespace, where nothing is "
                "rehearsed",
                "leave metadata.namespace out; kubectl's context says which it is",
            )


@rule(
    "cluster-scoped",
    "an object that belongs to the whole cluster",
    DEPLOYMENTS,
    advice="put it into a file of its own, for whoever runs the cluster to apply once, and name "
    "that file in `manifests.prerequisites`",
)
def cluster_scoped(subject: Subject) -> Iterator[Fault]:
    """The release's account may touch nothing that others share; the API server refuses it."""
    own = kinds(subject.documents())
    for document in subject.released_objects():
        if is_cluster_wide(document, own):
            yield document.fault(
                ("kind",),
                f"{document.kind} {document.name} belongs to the whole cluster, and a release "
                "reaches the rehearsal's namespace only",
                "put it into a file of its own, for whoever runs the cluster to apply once, and "
                "name that in manifests.prerequisites",
            )
