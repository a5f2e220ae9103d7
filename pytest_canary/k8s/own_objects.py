"""What a run makes in its namespace: each object carries the run's label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.dry_run import DryRun, Refusal


class OwnObjects:
    """Makes objects in one namespace.

    Args:
        connection: to the cluster.
        namespace: the namespace's name.
        labels: what is made gets them, so that one knows whose it is.
    """

    def __init__(self, connection: Connection, namespace: str, labels: Mapping[str, str]) -> None:
        from kubernetes import client

        self._connection = connection
        self._namespace = namespace
        self._labels = labels
        self._dry_run: DryRun | None = None
        core, apps = client.CoreV1Api(connection.client), client.AppsV1Api(connection.client)
        rbac = client.RbacAuthorizationV1Api(connection.client)
        self._slices = client.DiscoveryV1Api(connection.client)
        self._creators = {
            "Secret": core.create_namespaced_secret,
            "Service": core.create_namespaced_service,
            "Deployment": apps.create_namespaced_deployment,
            "Pod": core.create_namespaced_pod,
            "ServiceAccount": core.create_namespaced_service_account,
            "Role": rbac.create_namespaced_role,
            "RoleBinding": rbac.create_namespaced_role_binding,
        }

    def add(self, *bodies: dict[str, Any]) -> None:
        """Create objects of the run's own.

        Each is a Secret, Service, Deployment, Job, Pod, ServiceAccount, Role or RoleBinding.

        Raises:
            ClusterError: there is one of that name already, or it is refused.
        """
        for body in bodies:
            kind, name = body["kind"], body["metadata"]["name"]
            what, labelled = f"create {kind} {name}", self._label(body)
            if kind == "Job":  # a user's own, with whatever is in it
                path = f"/apis/batch/v1/namespaces/{quote(self._namespace)}/jobs"
                self._connection.create(what, self._namespace, path, labelled)
                continue
            make = self._creators[kind]
            self._connection.read(what, self._namespace, make, self._namespace, labelled)

    def write_slice(self, body: dict[str, Any]) -> None:
        """Write an EndpointSlice of the run's own, in the place of the one of its name.

        Raises:
            ClusterError: it is refused.
        """
        name, labelled = body["metadata"]["name"], self._label(body)
        what, namespace = f"write EndpointSlice {name}", self._namespace
        replace = self._slices.replace_namespaced_endpoint_slice
        replaced = self._connection.read(
            what, namespace, replace, name, namespace, labelled, gone_is_fine=True
        )
        if replaced is None:
            make = self._slices.create_namespaced_endpoint_slice
            self._connection.read(what, namespace, make, namespace, labelled)

    def dry_apply(self, body: dict[str, Any]) -> Refusal | None:
        """`kubectl apply --dry-run=server`: what the API server has against it; None for nothing.

        Raises:
            ClusterError: it does not answer.
        """
        if self._dry_run is None:
            self._dry_run = DryRun(self._connection, self._namespace)
        return self._dry_run.apply(self._label(body))

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
