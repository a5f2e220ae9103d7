"""What is collected before anything is undone: what kubectl says, and every container's log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import ClusterError, ReleaseError
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import Object, containers

KINDS = "deployments,replicasets,pods,services"

# Lines of each log that are kept for a look.
LOG_LINES = 1000


@dataclass(frozen=True)
class Diagnostics:
    """What the rollback pipeline prints before it undoes anything, and previous logs.

    Attributes:
        objects, events, describe: what kubectl says.
        logs: of the canary's and stable's containers: file name to text, "POD.CONTAINER.log",
            and with ".previous" in it where the container was restarted.
    """

    objects: str
    events: str
    describe: str
    logs: Mapping[str, str]

    @property
    def said(self) -> Mapping[str, str]:
        """What kubectl says, by what it was asked for: objects, events and descriptions."""
        return {"objects": self.objects, "events": self.events, "describe": self.describe}


def collect(
    namespace: NamespaceApi,
    kubectl: Callable[..., str],
    pods: Iterable[Object],
    disclosure: Callable[[Object], Disclosure],
) -> Diagnostics:
    """Collect what there is to know of a namespace; a part that fails says why.

    Args:
        namespace: where the app lives.
        kubectl: runs kubectl there and returns its output.
        pods: those whose logs are kept.
        disclosure: looks for secrets in what a pod has logged.
    """
    logs = {}
    for pod in pods:
        name, watch = pod["metadata"]["name"], disclosure(pod)
        for each in containers(pod):
            container = each.name
            logs[f"{name}.{container}.log"] = _log(namespace, watch, name, container)
            if each.restarts:
                logs[f"{name}.{container}.previous.log"] = _log(
                    namespace, watch, name, container, previous=True
                )
    return Diagnostics(
        # Not "all", which has kinds in it that not everybody may list.
        objects=_output(kubectl, "get", KINDS, "-o", "wide"),
        events=_output(kubectl, "get", "events", "--sort-by=.lastTimestamp"),
        describe=_output(kubectl, "describe", KINDS),
        logs=logs,
    )


def _log(
    namespace: NamespaceApi, watch: Disclosure, pod: str, container: str, *, previous: bool = False
) -> str:
    try:
        return namespace.logs(pod, container, LOG_LINES, previous=previous, disclosure=watch)
    except ClusterError as error:
        return str(error)


def _output(kubectl: Callable[..., str], *words: str) -> str:
    try:
        return kubectl(*words)
    except ReleaseError as error:
        return str(error)
