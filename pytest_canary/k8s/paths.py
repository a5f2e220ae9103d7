"""Where an API server has what: the paths of Kubernetes' API reference."""

from __future__ import annotations

from urllib.parse import quote

APPS = "/apis/apps/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"

# By kind: the path of its group and version, and its plural there.
PLACES = {
    "ConfigMap": ("/api/v1", "configmaps"),
    "DaemonSet": (APPS, "daemonsets"),
    "Deployment": (APPS, "deployments"),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "Event": ("/api/v1", "events"),
    "Job": ("/apis/batch/v1", "jobs"),
    "Namespace": ("/api/v1", "namespaces"),
    "Node": ("/api/v1", "nodes"),
    "Pod": ("/api/v1", "pods"),
    "ReplicaSet": (APPS, "replicasets"),
    "Role": (RBAC, "roles"),
    "RoleBinding": (RBAC, "rolebindings"),
    "Secret": ("/api/v1", "secrets"),
    "SelfSubjectAccessReview": ("/apis/authorization.k8s.io/v1", "selfsubjectaccessreviews"),
    "SelfSubjectRulesReview": ("/apis/authorization.k8s.io/v1", "selfsubjectrulesreviews"),
    "Service": ("/api/v1", "services"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "StatefulSet": (APPS, "statefulsets"),
}


def path_of(kind: str, *below: str, namespace: str | None = None) -> str:
    """The path of all objects of a kind, or of what is below it.

    Args:
        kind: one of PLACES.
        below: a name, then parts of the object of that name: "app", "scale".
        namespace: where they are; None for the whole cluster.

    Raises:
        KeyError: the kind is none of PLACES.
    """
    root, word = PLACES[kind]
    there = () if namespace is None else ("namespaces", namespace)
    return "/".join([root, *(quote(part, safe="") for part in (*there, word, *below))])
