"""Where an API server has what: the paths of Kubernetes' API reference."""

from __future__ import annotations

from urllib.parse import quote

# What is asked for, by the path of its group and version.
GROUPS = {
    "/api/v1": (
        "ConfigMap",
        "Event",
        "Namespace",
        "Node",
        "Pod",
        "Secret",
        "Service",
        "ServiceAccount",
    ),
    "/apis/apps/v1": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "/apis/authorization.k8s.io/v1": ("SelfSubjectAccessReview", "SelfSubjectRulesReview"),
    "/apis/batch/v1": ("Job",),
    "/apis/discovery.k8s.io/v1": ("EndpointSlice",),
    "/apis/rbac.authorization.k8s.io/v1": ("Role", "RoleBinding"),
}
ROOTS = {kind: root for root, kinds in GROUPS.items() for kind in kinds}


def path_of(kind: str, *below: str, namespace: str | None = None) -> str:
    """The path of all objects of a kind, or of what is below it.

    Args:
        kind: one of ROOTS.
        below: a name, then parts of the object of that name: "app", "scale".
        namespace: where they are; None for the whole cluster.

    Raises:
        KeyError: the kind is none of ROOTS.
    """
    there = () if namespace is None else ("namespaces", namespace)
    parts = (*there, f"{kind.lower()}s", *below)
    return "/".join([ROOTS[kind], *(quote(part, safe="") for part in parts)])
