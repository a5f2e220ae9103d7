"""One namespace of one cluster, through the Kubernetes API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.masking import Redactor
from pytest_canary.core.output import LIMIT
from pytest_canary.k8s.access_api import AccessApi
from pytest_canary.k8s.cluster_api import ClusterApi
from pytest_canary.k8s.connection import Connection, Query
from pytest_canary.k8s.dry_run import Refusal
from pytest_canary.k8s.exec import Exec as Exec
from pytest_canary.k8s.exec import follow, open_exec
from pytest_canary.k8s.logs import read_log
from pytest_canary.k8s.objects import Object
from pytest_canary.k8s.own_objects import OwnObjects
from pytest_canary.k8s.paths import path_of

if TYPE_CHECKING:
    import requests
    from urllib3 import BaseHTTPResponse


class Namespace:
    """A namespace of a cluster, reached through a kubeconfig file of the run's own.

    Args:
        kubeconfig: the file.
        name: the namespace's.
        context: which of the file's contexts; None for the current one.
        redactor: takes the secrets out of logs, of commands' output and of errors.
        around: asks the cluster around it; None for the file's own user.
        labels: what is added gets them, so that one knows whose it is.

    Attributes:
        cluster: the cluster around it.
        access: its access control.
    """

    def __init__(
        self,
        kubeconfig: Path,
        name: str,
        context: str | None = None,
        redactor: Redactor | None = None,
        around: ClusterApi | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self._connection = Connection(kubeconfig, context, redactor)
        self._context = context
        self.kubeconfig = kubeconfig
        self.name = name
        self.labels = labels or {}
        self._own = OwnObjects(self._connection, name, self.labels)
        self.cluster = around or ClusterApi(self._connection, name)
        self.access = AccessApi(self._connection, name)

    def beside(self, name: str) -> Namespace:
        """Another namespace of the same cluster."""
        return Namespace(self.kubeconfig, name, self._context, self._connection.redactor)

    def create(self, labels: Mapping[str, str]) -> None:
        """Create the namespace itself.

        Raises:
            ClusterError: it exists already, so it is not the run's own, or it may not be created.
        """
        body = {"metadata": {"name": self.name, "labels": dict(labels)}}
        self._write(f"create namespace {self.name}", "POST", path_of("Namespace"), body)

    def delete(self) -> None:
        """Delete the namespace without its pods' grace periods: nobody is there to be served."""
        self._delete(f"delete namespace {self.name}", path_of("Namespace", self.name))
        self._delete("delete the pods", self._path("Pod"), gracePeriodSeconds=0)

    def label(self, key: str) -> str | None:
        """The namespace's own label; None where it has none, or is not there."""
        found = self._itself()
        return found["metadata"].get("labels", {}).get(key) if found else None

    def exists(self) -> bool:
        """Whether the namespace is there, be it on its way out."""
        return self._itself() is not None

    def _itself(self) -> Object | None:
        """The namespace as an object; by its name, as few may list all of them."""
        body = self._connection.ask(
            f"look at namespace {self.name}",
            self.name,
            path_of("Namespace", self.name),
            gone_is_fine=True,
        )
        found: Object | None = json.loads(body) if body else None
        return found

    def add(self, *bodies: dict[str, Any]) -> None:
        """Create objects of the run's own; `OwnObjects.add` says which, and what it raises."""
        self._own.add(*bodies)

    def write_slice(self, body: dict[str, Any]) -> None:
        """Write an EndpointSlice of the run's own, as `OwnObjects.write_slice` says."""
        self._own.write_slice(body)

    def dry_apply(self, body: dict[str, Any]) -> Refusal | None:
        """`kubectl apply --dry-run=server`, as `OwnObjects.dry_apply` says."""
        return self._own.dry_apply(body)

    def objects(self, kind: str) -> list[Object]:
        """All objects of a kind ("Pod", "Deployment", "Service", "Secret" …) in the namespace."""
        return self._connection.items(f"list kind {kind}", self.name, self._path(kind))

    def open_list(self, kind: str, query: Query, timeout: tuple[float, float]) -> BaseHTTPResponse:
        """Ask for all objects of a kind; with `watch` in the query, for what becomes of them.

        The answer is still open: whoever has it reads and closes it.

        Args:
            kind: one of `paths.ROOTS`.
            query: what follows the path, in the API's own words.
            timeout: seconds to connect, and for each piece of the answer.

        Raises:
            StatusError: it answers with an error.
            HTTPError: it does not answer; of urllib3.
        """
        return self._connection.send("GET", self._path(kind), query=query, timeout=timeout)

    def keys(self) -> dict[str, frozenset[str]]:
        """The keys of each Secret and ConfigMap: "Secret db-params" to its keys; no values."""
        return {
            f"{kind} {item['metadata']['name']}": frozenset(
                [*(item.get("data") or {}), *(item.get("binaryData") or {})]
            )
            for kind in ("Secret", "ConfigMap")
            for item in self.objects(kind)
        }

    def deployment(self, name: str) -> Object | None:
        """The Deployment as the API server has it now, or None where there is none."""
        found = [d for d in self.objects("Deployment") if d["metadata"]["name"] == name]
        return found[0] if found else None

    def scale(self, deployment: str, replicas: int) -> None:
        """`kubectl scale --replicas=N deployment/NAME`."""
        self._write(
            f"scale Deployment {deployment} to {replicas}",
            "PATCH",
            self._path("Deployment", deployment, "scale"),
            {"spec": {"replicas": replicas}},
        )

    def delete_deployment(self, deployment: str) -> None:
        """`kubectl delete deployment/NAME`; its pods follow."""
        self._delete(
            f"delete Deployment {deployment}",
            self._path("Deployment", deployment),
            propagationPolicy="Background",
        )

    def job(self, name: str) -> Object | None:
        """The Job as the API server has it now, or None where there is none."""
        found = [job for job in self.objects("Job") if job["metadata"]["name"] == name]
        return found[0] if found else None

    def delete_job(self, job: str) -> None:
        """`kubectl delete job/NAME --wait=false`; its pods follow."""
        self._delete(f"delete Job {job}", self._path("Job", job), propagationPolicy="Background")

    def delete_service(self, service: str) -> None:
        """`kubectl delete service/NAME`; what it owns follows."""
        self._delete(f"delete Service {service}", self._path("Service", service))

    def delete_pod(self, pod: str) -> None:
        """`kubectl delete pod NAME --grace-period=0`, for a pod of the harness's own."""
        self._delete(f"delete pod {pod}", self._path("Pod", pod), gracePeriodSeconds=0)

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
        """The last lines of a container's log, masked; `read_log` says which."""
        return read_log(
            self._connection,
            self.name,
            pod,
            container,
            lines,
            previous=previous,
            timestamps=timestamps,
            disclosure=disclosure,
        )

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
        """`kubectl exec POD -c CONTAINER -- COMMAND`, without a terminal.

        Args:
            pod: where it runs.
            container: the pod's container.
            command: what runs.
            timeout: seconds after which it is given up. It runs on in the pod then, as there is
                no way to stop it from outside.
            keep: how much of its output is kept.
            heard: told what it writes to standard output, as it comes and as it is.
            disclosure: looks for secrets in what it writes.

        Returns:
            Its exit code and output, whatever the code is.

        Raises:
            ExecError: it can't be started, the connection broke, or the deadline passed; with
                the output so far.
        """
        return follow(
            open_exec(self._connection, self.name, pod, container, command),
            pod,
            container,
            command,
            timeout=timeout,
            redactor=self._connection.redactor,
            keep=keep,
            heard=heard,
            disclosure=disclosure,
        )

    def proxy(self, pod: str, port: int) -> tuple[str, requests.Session]:
        """The way to one pod, past the Service: a base URL, and a session that may use it."""
        return self._proxy("Pod", pod, port)

    def service_proxy(self, service: str, port: int) -> tuple[str, requests.Session]:
        """The way to a Service by the API server, which takes any of its ready pods each time."""
        return self._proxy("Service", service, port)

    def _proxy(self, kind: str, name: str, port: int) -> tuple[str, requests.Session]:
        path = f"{self._path(kind, name)}:{port}/proxy"
        return self._connection.host + path, self._connection.session()

    def _path(self, kind: str, *below: str) -> str:
        return path_of(kind, *below, namespace=self.name)

    def _write(self, what: str, method: str, path: str, body: Object) -> None:
        self._connection.ask(what, self.name, path, method=method, body=body)

    def _delete(self, what: str, path: str, **query: str | int) -> None:
        """Delete what is there, if it is there."""
        self._connection.ask(what, self.name, path, method="DELETE", query=query, gone_is_fine=True)
