"""One namespace of one cluster, through the Kubernetes API: what acts is thin."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_canary.errors import ClusterError, CommandError

if TYPE_CHECKING:
    import requests
    from kubernetes.client import ApiClient

# The channels of an exec's websocket, after k8s.io/apimachinery's remotecommand.
STDOUT, STDERR, ERROR = 1, 2, 3

Object = Mapping[str, Any]
"""A Kubernetes API object as JSON has it."""


@dataclass(frozen=True)
class Exec:
    """What a command in a pod came to; `output` is standard output and error together."""

    pod: str
    command: str
    code: int
    output: str
    stdout: str


class Namespace:
    """A namespace of a cluster, reached through a kubeconfig file of the run's own."""

    def __init__(self, kubeconfig: Path, name: str, context: str | None = None) -> None:
        from kubernetes import client, config

        configuration = client.Configuration()
        config.load_kube_config(str(kubeconfig), context, configuration, persist_config=False)
        # The cluster is on loopback or named by the user: proxies of the environment are not meant.
        self.api: ApiClient = client.ApiClient(configuration)
        self.kubeconfig = kubeconfig
        self.name = name
        self.core = client.CoreV1Api(self.api)
        self.apps = client.AppsV1Api(self.api)
        self.discovery = client.DiscoveryV1Api(self.api)

    def beside(self, name: str) -> Namespace:
        """Another namespace of the same cluster."""
        return Namespace(self.kubeconfig, name)

    def create(self, labels: Mapping[str, str]) -> None:
        """Create the namespace itself.

        Raises:
            ClusterError: it exists already, so it is not the run's own, or it may not be created.
        """
        body = {"metadata": {"name": self.name, "labels": dict(labels)}}
        self._call(f"create namespace {self.name}", self.core.create_namespace, body)

    def delete(self) -> None:
        """Delete the namespace without its pods' grace periods: nobody is there to be served."""
        self._call(
            f"delete namespace {self.name}",
            self.core.delete_namespace,
            self.name,
            gone_is_fine=True,
        )
        self._call(
            "delete the pods",
            self.core.delete_collection_namespaced_pod,
            self.name,
            grace_period_seconds=0,
            gone_is_fine=True,
        )

    def label(self, key: str) -> str | None:
        """The namespace's own label; None where it has none, or is not there."""
        response: Any = self.core.list_namespace(
            field_selector=f"metadata.name={self.name}", _preload_content=False
        )
        for item in json.loads(response.data)["items"]:
            value: str | None = item["metadata"].get("labels", {}).get(key)
            return value
        return None

    def others(self, label: str) -> list[str]:
        """The names of other namespaces with a label."""
        response: Any = self.core.list_namespace(label_selector=label, _preload_content=False)
        names = [item["metadata"]["name"] for item in json.loads(response.data)["items"]]
        return [name for name in names if name != self.name]

    def exists(self) -> bool:
        """Whether the namespace is there, be it on its way out."""
        found = self.core.list_namespace(field_selector=f"metadata.name={self.name}")
        return bool(found.items)

    def apply(self, *bodies: dict[str, Any]) -> None:
        """Create objects of the run's own; each is a Secret, Service or Deployment."""
        creators = {
            "Secret": self.core.create_namespaced_secret,
            "Service": self.core.create_namespaced_service,
            "Deployment": self.apps.create_namespaced_deployment,
            "Pod": self.core.create_namespaced_pod,
        }
        for body in bodies:
            kind, name = body["kind"], body["metadata"]["name"]
            self._call(f"create {kind} {name}", creators[kind], self.name, body)

    def objects(self, kind: str) -> list[Object]:
        """All objects of a kind ("Pod", "Deployment", "Service", "Secret" …) in the namespace."""
        return self._items(self.lister(kind))

    def lister(self, kind: str) -> Any:
        """The API call that lists a kind; a watch takes it too."""
        return {
            "Deployment": self.apps.list_namespaced_deployment,
            "Pod": self.core.list_namespaced_pod,
            "EndpointSlice": self.discovery.list_namespaced_endpoint_slice,
            "Service": self.core.list_namespaced_service,
            "Secret": self.core.list_namespaced_secret,
            "ServiceAccount": self.core.list_namespaced_service_account,
        }[kind]

    def nodes(self) -> list[Object]:
        """Every node of the cluster."""
        response: Any = self.core.list_node(_preload_content=False)
        items: list[Object] = json.loads(response.data)["items"]
        return items

    def _items(self, lister: Any) -> list[Object]:
        items: list[Object] = json.loads(lister(self.name, _preload_content=False).data)["items"]
        return items

    def deployment(self, name: str) -> Object | None:
        """The Deployment as the API server has it now, or None where there is none."""
        found = [d for d in self.objects("Deployment") if d["metadata"]["name"] == name]
        return found[0] if found else None

    def scale(self, deployment: str, replicas: int) -> None:
        """`kubectl scale --replicas=N deployment/NAME`."""
        self._call(
            f"scale Deployment {deployment} to {replicas}",
            self.apps.patch_namespaced_deployment_scale,
            deployment,
            self.name,
            {"spec": {"replicas": replicas}},
        )

    def delete_deployment(self, deployment: str) -> None:
        """`kubectl delete deployment/NAME`; its pods follow."""
        self._call(
            f"delete Deployment {deployment}",
            self.apps.delete_namespaced_deployment,
            deployment,
            self.name,
            propagation_policy="Background",
            gone_is_fine=True,
        )

    def delete_pod(self, pod: str) -> None:
        """`kubectl delete pod NAME --grace-period=0`, for a pod of the harness's own."""
        self._call(
            f"delete pod {pod}",
            self.core.delete_namespaced_pod,
            pod,
            self.name,
            grace_period_seconds=0,
            gone_is_fine=True,
        )

    def logs(self, pod: str, container: str | None = None, lines: int = 200) -> str:
        """The last lines of a container's log."""
        options: dict[str, Any] = {"container": container} if container else {}
        response = self._call(
            f"read the log of pod {pod}",
            self.core.read_namespaced_pod_log,
            pod,
            self.name,
            tail_lines=lines,
            _preload_content=False,
            **options,
        )
        return str(response.data.decode(errors="replace")) if response else ""

    def exec(self, pod: str, container: str, command: Sequence[str], *, timeout: float) -> Exec:
        """`kubectl exec POD -c CONTAINER -- COMMAND`, without a terminal.

        Returns:
            Its exit code and output, whatever the code is.

        Raises:
            CommandError: it can't be started, the connection broke, or the deadline passed; with
                the output so far.
        """
        from kubernetes import client
        from kubernetes.stream import stream

        shown = f"kubectl exec {pod} -c {container} -- {shlex.join(command)}"
        # A client of its own: `stream` turns the one it is given into a websocket client.
        core = client.CoreV1Api(client.ApiClient(self.api.configuration))
        try:
            connection = stream(
                core.connect_get_namespaced_pod_exec,
                pod,
                self.name,
                container=container,
                command=list(command),
                stdin=False,
                stdout=True,
                stderr=True,
                tty=False,
                _preload_content=False,
            )
        except client.ApiException as error:
            raise CommandError(f"`{shown}` can't be started: {_why(error)}") from error
        stdout: list[str] = []
        both: list[str] = []
        deadline = time.monotonic() + timeout
        try:
            while connection.is_open():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise CommandError(
                        f"`{shown}` was given up at its deadline of {timeout:g} s", "".join(both)
                    )
                connection.update(timeout=min(left, 1))
                for channel in (STDOUT, STDERR):
                    heard = connection.read_channel(channel)
                    both.append(heard)
                    if channel == STDOUT:
                        stdout.append(heard)
            end = connection.read_channel(ERROR)
        finally:
            connection.close()
            # After the server's close frame close() does nothing, and the socket would leak.
            connection.sock.shutdown()
        output = "".join(both).strip()
        if not end:
            raise CommandError(f"`{shown}` lost its pod before it ended; see why it went", output)
        code = exit_code(json.loads(end))
        if code is None:
            raise CommandError(
                f"`{shown}` could not run: {json.loads(end).get('message', end)}", output
            )
        return Exec(pod, shlex.join(command), code, output, "".join(stdout))

    def proxy(self, pod: str, port: int) -> tuple[str, requests.Session]:
        """The way to one pod, past the Service: a base URL, and a session that may use it."""
        import requests

        configuration = self.api.configuration
        session = requests.Session()
        session.trust_env = False
        session.verify = configuration.ssl_ca_cert if configuration.verify_ssl else False
        if configuration.cert_file:
            session.cert = (configuration.cert_file, configuration.key_file)
        token = configuration.get_api_key_with_prefix("authorization") or (
            configuration.get_api_key_with_prefix("BearerToken")
        )
        if token:
            session.headers["Authorization"] = token
        path = f"/api/v1/namespaces/{quote(self.name)}/pods/{quote(pod)}:{port}/proxy"
        return configuration.host + path, session

    def _call(
        self, what: str, call: Any, *args: Any, gone_is_fine: bool = False, **kwargs: Any
    ) -> Any:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return call(*args, **kwargs)
        except ApiException as error:
            if gone_is_fine and error.status == 404:
                return None
            raise ClusterError(f"can't {what} in namespace {self.name}: {_why(error)}") from error
        except HTTPError as error:
            raise ClusterError(
                f"can't {what}: {self.api.configuration.host} does not answer; see that the "
                "cluster runs, and that the context is the right one",
                str(error),
            ) from error


def exit_code(status: Object) -> int | None:
    """The exit code in the Status that ends an exec; None where the command never ran."""
    if status.get("status") == "Success":
        return 0
    for cause in status.get("details", {}).get("causes", []):
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    return None


def _why(error: Any) -> str:
    """The API server's own sentence, where it gave one."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or error).strip()
