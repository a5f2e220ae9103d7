"""One namespace of one cluster, through the Kubernetes API: what acts is thin."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.output import LIMIT
from pytest_canary.k8s.exec import Exec as Exec
from pytest_canary.k8s.exec import ExecError, follow, shown
from pytest_canary.k8s.objects import Object

if TYPE_CHECKING:
    import requests
    from kubernetes.client import ApiClient

# Seconds to connect to the API server, and for each of its answers.
API_TIMEOUT = (10, 60)


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
        for item in self._namespaces(field_selector=f"metadata.name={self.name}"):
            value: str | None = item["metadata"].get("labels", {}).get(key)
            return value
        return None

    def others(self, label: str) -> list[str]:
        """The names of other namespaces with a label."""
        names = [item["metadata"]["name"] for item in self._namespaces(label_selector=label)]
        return [name for name in names if name != self.name]

    def exists(self) -> bool:
        """Whether the namespace is there, be it on its way out."""
        return bool(self._namespaces(field_selector=f"metadata.name={self.name}"))

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
        return self._items(f"list kind {kind}", self.lister(kind), self.name)

    def lister(self, kind: str) -> Any:
        """The API call that lists a kind; a watch takes it too."""
        return {
            "ConfigMap": self.core.list_namespaced_config_map,
            "Deployment": self.apps.list_namespaced_deployment,
            "Event": self.core.list_namespaced_event,
            "ReplicaSet": self.apps.list_namespaced_replica_set,
            "Pod": self.core.list_namespaced_pod,
            "EndpointSlice": self.discovery.list_namespaced_endpoint_slice,
            "Service": self.core.list_namespaced_service,
            "Secret": self.core.list_namespaced_secret,
            "ServiceAccount": self.core.list_namespaced_service_account,
        }[kind]

    def nodes(self) -> list[Object]:
        """Every node of the cluster."""
        return self._items("list the nodes", self.core.list_node)

    def all_pods(self) -> list[Object]:
        """Every pod of the cluster, of all namespaces."""
        return self._items("list all pods", self.core.list_pod_for_all_namespaces)

    def keys(self) -> dict[str, frozenset[str]]:
        """The keys of each Secret and ConfigMap: "Secret db-params" to its keys; no values."""
        return {
            f"{kind} {item['metadata']['name']}": frozenset(
                [*(item.get("data") or {}), *(item.get("binaryData") or {})]
            )
            for kind in ("Secret", "ConfigMap")
            for item in self.objects(kind)
        }

    def _namespaces(self, **selector: str) -> list[Object]:
        return self._items("list the namespaces", self.core.list_namespace, **selector)

    def _items(self, what: str, lister: Any, *args: str, **selector: Any) -> list[Object]:
        response = self._call(what, lister, *args, _preload_content=False, **selector)
        items: list[Object] = json.loads(response.data)["items"]
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

    def logs(
        self,
        pod: str,
        container: str | None = None,
        lines: int = 200,
        *,
        previous: bool = False,
    ) -> str:
        """The last lines of a container's log, or of the container before it restarted."""
        options: dict[str, Any] = {"container": container} if container else {}
        response = self._call(
            f"read the log of pod {pod}",
            self.core.read_namespaced_pod_log,
            pod,
            self.name,
            tail_lines=lines,
            previous=previous,
            _preload_content=False,
            **options,
        )
        return str(response.data.decode(errors="replace")) if response else ""

    def exec(
        self,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        timeout: float,
        keep: int = LIMIT,
        heard: Callable[[str], None] | None = None,
    ) -> Exec:
        """`kubectl exec POD -c CONTAINER -- COMMAND`, without a terminal.

        Args:
            pod: where it runs.
            container: the pod's container.
            command: what runs.
            timeout: seconds after which it is given up. It runs on in the pod then, as there is
                no way to stop it from outside.
            keep: how much of its output is kept.
            heard: told what it writes to standard output, as it comes.

        Returns:
            Its exit code and output, whatever the code is.

        Raises:
            ExecError: it can't be started, the connection broke, or the deadline passed; with
                the output so far.
        """
        import websocket
        from kubernetes import client
        from kubernetes.stream import stream

        # The client gives its websocket none, and one that connects for ever has no deadline.
        websocket.setdefaulttimeout(API_TIMEOUT[0])
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
            cause = error.__context__
            if cause and not isinstance(cause, OSError | websocket.WebSocketException):
                raise cause from None  # such as Ctrl-C, which the client takes for a refusal
            typed = shown(pod, container, command)
            raise ExecError("refused", f"can't be started: {_why(error)}", typed) from error
        return follow(
            connection.sock, pod, container, command, timeout=timeout, keep=keep, heard=heard
        )

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

    def memory(self, node: str) -> dict[str, tuple[float, float]]:
        """What the namespace's pods on a node hold, as its kubelet last measured it.

        Returns:
            By pod: seconds since the epoch, and the working set in bytes.

        Raises:
            ClusterError: the kubelet may not be asked, or does not answer.
        """
        response = self._call(
            f"ask the kubelet of node {node}",
            self.core.connect_get_node_proxy_with_path,
            node,
            "stats/summary",
            _preload_content=False,
        )
        return memory_of(json.loads(response.data), self.name)

    def _call(
        self, what: str, call: Any, *args: Any, gone_is_fine: bool = False, **kwargs: Any
    ) -> Any:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return call(*args, _request_timeout=API_TIMEOUT, **kwargs)
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


def memory_of(summary: Object, namespace: str) -> dict[str, tuple[float, float]]:
    """What a namespace's pods hold, by a kubelet's summary: seconds since the epoch, and bytes.

    A kubelet looks every 10 to 20 s, at a pod and at its containers at different times. They differ
    by the sandbox alone, which is below 1 MB: whichever is newer is told, as a window is short.
    """
    found = {}
    for pod in summary.get("pods", []):
        if pod["podRef"]["namespace"] != namespace:
            continue
        told = [_measured([pod]), _measured(pod.get("containers", []))]
        measured = [each for each in told if each]
        if measured:
            found[str(pod["podRef"]["name"])] = max(measured)
    return found


def _measured(parts: Sequence[Object]) -> tuple[float, float] | None:
    """Seconds since the epoch and bytes of what has been measured; None where nothing was."""
    held = [each.get("memory", {}) for each in parts]
    measured = [each for each in held if "workingSetBytes" in each]
    if not measured:
        return None
    at = max(datetime.datetime.fromisoformat(each["time"]) for each in measured)
    return at.timestamp(), float(sum(int(each["workingSetBytes"]) for each in measured))


def _why(error: Any) -> str:
    """The API server's own sentence, where it gave one."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or error).strip()
