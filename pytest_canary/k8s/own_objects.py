"""What a run makes in its namespace: each object carries the run's label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.dry_run import DryRun, Refusal
from pytest_canary.k8s.paths import path_of


class OwnObjects:
    """Makes objects in one namespace.

    Args:
        connection: to the cluster.
        namespace: the namespace's name.
        labels: what is made gets them, so that one knows whose it is.
    """

    def __init__(self, connection: Connection, namespace: str, labels: Mapping[str, str]) -> None:
        self._connection = connection
        self._namespace = namespace
        self._labels = labels
        self._dry_run: DryRun | None = None

    def add(self, *bodies: dict[str, Any]) -> None:
        """Create objects of the run's own.

        Each is of a kind in `paths.ROOTS`.

        Raises:
            ClusterError: there is one of that name already, or it is refused.
        """
        for body in bodies:
            kind, name = body["kind"], body["metadata"]["name"]
            self._write(f"create {kind} {name}", "POST", self._path(kind), body)

    def write_slice(self, body: dict[str, Any]) -> None:
        """Write an EndpointSlice of the run's own, in the place of the one of its name.

        Raises:
            ClusterError: it is refused.
        """
        kind, name = body["kind"], body["metadata"]["name"]
        what = f"write EndpointSlice {name}"
        if not self._write(what, "PUT", self._path(kind, name), body, gone_is_fine=True):
            self._write(what, "POST", self._path(kind), body)

    def dry_apply(self, body: dict[str, Any]) -> Refusal | None:
        """`kubectl apply --dry-run=server`: what the API server has against it; None for nothing.

        Raises:
            ClusterError: it does not answer.
        """
        if self._dry_run is None:
            self._dry_run = DryRun(self._connection, self._namespace)
        return self._dry_run.apply(self._label(body))

    def _path(self, kind: str, *below: str) -> str:
        return path_of(kind, *below, namespace=self._namespace)

    def _write(
        self, what: str, method: str, path: str, body: dict[str, Any], *, gone_is_fine: bool = False
    ) -> bool:
        """Write an object with the run's labels; False where there is none to write over."""
        written = self._connection.ask(
            what,
            self._namespace,
            path,
            method=method,
            body=self._label(body),
            gone_is_fine=gone_is_fine,
        )
        return written is not None

    def _label(self, body: dict[str, Any]) -> dict[str, Any]:
        if not self._labels:
            return body
        made = {**body, "metadata": self._with_labels(body.get("metadata"))}
        if body["kind"] == "Job":
            # Nothing else tells whose its pods are once it is gone.
            spec = body["spec"]
            template = {**spec["template"]}
            template["metadata"] = self._with_labels(template.get("metadata"))
            made["spec"] = {**spec, "template": template}
        return made

    def _with_labels(self, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
        found = metadata or {}
        return {**found, "labels": {**(found.get("labels") or {}), **self._labels}}
