"""What a walk must be allowed to do, as the rules of Kubernetes' RBAC have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Right:
    """What may be done with one resource.

    Attributes:
        resource: in the plural, with its part: "pods", "pods/log".
        verbs: what may be done with it.
        group: its API group; empty for the core's.
    """

    resource: str
    verbs: tuple[str, ...]
    group: str = ""

    @property
    def rule(self) -> dict[str, Any]:
        """As a Role has it."""
        return {
            "apiGroups": [self.group],
            "resources": [self.resource],
            "verbs": list(self.verbs),
        }


def _right(resource: str, verbs: str) -> Right:
    """From "deployments.apps/scale", and verbs with spaces between."""
    name, _, part = resource.partition("/")
    plural, _, group = name.partition(".")
    return Right(f"{plural}/{part}" if part else plural, tuple(verbs.split()), group)


_WRITE = "get list watch create update patch delete"

RELEASE = (
    _right("pods", "get list watch create delete deletecollection"),
    _right("pods/log", "get"),
    _right("pods/exec", "get create"),
    _right("pods/proxy", "get create update patch delete"),
    _right("services", _WRITE),
    _right("services/proxy", "get create update patch delete"),
    _right("secrets", "get list create patch delete"),
    _right("configmaps", "get list"),
    _right("serviceaccounts", "get list"),
    _right("events", "get list watch"),
    _right("deployments.apps", _WRITE),
    _right("deployments.apps/scale", "get patch"),
    _right("replicasets.apps", "get list watch"),
    _right("endpointslices.discovery.k8s.io", "get list watch"),
)
"""In the run's namespace: what the account needs that the release's transitions run as."""

MIGRATING = (_right("jobs.batch", "get list create delete"),)
"""In the run's namespace, where a Job migrates: what it takes to run it."""

CONFINING = (
    _right("namespaces", "get"),
    _right("serviceaccounts", "create delete"),
    _right("serviceaccounts/token", "create"),
    _right("roles.rbac.authorization.k8s.io", "get list create delete"),
    _right("rolebindings.rbac.authorization.k8s.io", "get list create delete"),
)
"""In the run's namespace: what it takes to make that account, beside what the account may."""

MAKING = (_right("namespaces", "create delete"),)
"""In the whole cluster: what it takes to make a namespace, and to delete it."""

ADDRESSING = (_right("endpointslices.discovery.k8s.io", "create update"),)
"""In the run's namespace, and no must: what it takes to give each track an address of its own."""
