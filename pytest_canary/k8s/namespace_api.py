"""What a run asks of its namespace and of the cluster around it, whoever answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.output import LIMIT
from pytest_canary.k8s.dry_run import Refusal
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.objects import Object

if TYPE_CHECKING:
    import datetime

    import requests
    from urllib3 import BaseHTTPResponse

    from pytest_canary.k8s.connection import Query
    from pytest_canary.k8s.rights import Right


class Kubelets(Protocol):
    """What is asked of a cluster in which pods are measured; `ClusterApi` says what each does."""

    def now(self) -> datetime.datetime:
        """What the cluster's clock says."""

    def nodes(self) -> Sequence[Object]:
        """Every node of the cluster."""

    def memory(self, node: str) -> dict[str, tuple[float, float]]:
        """By pod of the namespace: seconds since the epoch, and the working set in bytes."""


class ClusterAround(Kubelets, Protocol):
    """What a run asks of the whole cluster; `ClusterApi` says what each does, and raises."""

    def all_pods(self) -> Sequence[Object]:
        """Every pod of the cluster, of all namespaces."""

    def other_namespaces(self, label: str) -> list[str]:
        """The names of other namespaces with a label."""


class Access(Protocol):
    """What a run asks of access control; `AccessApi` says what it does, and raises."""

    def missing_rights(self, rights: Iterable[Right], *, everywhere: bool = False) -> list[str]:
        """Which of some rights the user has not."""


class Listing(Protocol):
    """What watches ask of a namespace; `Namespace` says what each does."""

    @property
    def name(self) -> str:
        """The namespace's."""

    def open_list(self, kind: str, query: Query, timeout: tuple[float, float]) -> BaseHTTPResponse:
        """Ask for all objects of a kind, or for what becomes of them."""


class MeasuredPods(Protocol):
    """What is asked of a namespace whose pods are measured; `Namespace` says what each does."""

    @property
    def cluster(self) -> Kubelets:
        """The cluster around it."""

    def proxy(self, pod: str, port: int) -> tuple[str, requests.Session]:
        """The way to one pod, past the Service: a base URL, and a session that may use it."""


class NamespaceApi(Listing, Protocol):
    """What a run asks of its namespace; `Namespace` says what each does, and raises.

    Attributes:
        labels: what is added gets them.
    """

    labels: Mapping[str, str]

    @property
    def kubeconfig(self) -> Path:
        """The run's own, for kubectl."""

    @property
    def cluster(self) -> ClusterAround:
        """The cluster around it."""

    @property
    def access(self) -> Access:
        """Its access control."""

    def beside(self, name: str) -> NamespaceApi:
        """Another namespace of the same cluster."""

    def create(self, labels: Mapping[str, str]) -> None:
        """Create the namespace itself."""

    def exists(self) -> bool:
        """Whether the namespace is there, be it on its way out."""

    def add(self, *bodies: dict[str, Any]) -> None:
        """Create objects of the run's own."""

    def write_slice(self, body: dict[str, Any]) -> None:
        """Write an EndpointSlice of the run's own, in the place of the one of its name."""

    def dry_apply(self, body: dict[str, Any]) -> Refusal | None:
        """What the API server has against an object that would be applied; None for nothing."""

    def objects(self, kind: str) -> Sequence[Object]:
        """All objects of a kind."""

    def keys(self) -> dict[str, frozenset[str]]:
        """The keys of each Secret and ConfigMap: "Secret db-params" to its keys; no values."""

    def deployment(self, name: str) -> Object | None:
        """The Deployment, or None where there is none."""

    def scale(self, deployment: str, replicas: int) -> None:
        """Scale a Deployment."""

    def delete_deployment(self, deployment: str) -> None:
        """Delete a Deployment; its pods follow."""

    def job(self, name: str) -> Object | None:
        """The Job, or None where there is none."""

    def delete_job(self, job: str) -> None:
        """Delete a Job; its pods follow."""

    def delete_service(self, service: str) -> None:
        """Delete a Service; what it owns follows."""

    def delete_pod(self, pod: str) -> None:
        """Delete a pod, at once."""

    def logs(
        self,
        pod: str,
        container: str | None = None,
        lines: int = 200,
        *,
        previous: bool = False,
        timestamps: bool = False,
        disclosure: Disclosure | None = None,
    ) -> str:
        """The last lines of a container's log, or of the container before it restarted.

        Each after when it was written, where that is asked for.
        """

    def exec(
        self,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        timeout: float,
        keep: int = LIMIT,
        heard: Callable[[str], None] | None = None,
        disclosure: Disclosure | None = None,
    ) -> Exec:
        """Run a command in a container, to its end."""

    def service_proxy(self, service: str, port: int) -> tuple[str, requests.Session]:
        """The way to a Service by the API server: a base URL, and a session that may use it."""

    def proxy(self, pod: str, port: int) -> tuple[str, requests.Session]:
        """The way to one pod, past the Service: a base URL, and a session that may use it."""
