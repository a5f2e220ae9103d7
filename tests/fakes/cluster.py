"""The API server in memory, as the harness asks it."""

import base64
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from fakes import objects
from fakes.controllers import Controllers, owned
from fakes.objects import Object, copied
from fakes.store import Store
from fakes.surroundings import Allowed, Around
from urllib3 import BaseHTTPResponse

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.k8s.connection import Query
from pytest_canary.k8s.dry_run import Refusal
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.namespace_api import Access, ClusterAround, NamespaceApi
from pytest_canary.k8s.objects import pods_of


class Namespace(NamespaceApi):
    """An API server with one namespace, and the controllers behind it.

    Attributes:
        stays: whether the namespace outlives its deletion.
        runs: what a command in a container comes to, by its words; code and output.
        logged: what a container has logged, beside its pod's name.
        said: what a pod has logged, by its name, where that is something else.
        lacking: the rights that whoever asks it has not: "create endpointslices.discovery.k8s.io".
        refuses_slices: why no EndpointSlice can be written; empty where one can.
        written: the EndpointSlices that were, in their order.
        tried: the objects that were tried out, in their order: "Deployment shop-stable".
        refuses: what is not taken of them, and why.
        labels: what the run's objects carry.
        redactor: takes the secrets out of what a person is to read.
    """

    def __init__(self, folder: Path, deleted: Path) -> None:
        self._kubeconfig = folder / "kubeconfig.run"
        self.store = Store()
        self.controllers = Controllers(self.store)
        self.log = folder / "log"
        self.log.touch()
        self.deleted = deleted
        self.stays = False
        self.runs: Callable[[Object, list[str], Any], tuple[int, str, str]]
        self.proxied = ""
        self.logged: Callable[[], str] = str
        self.said: dict[str, str] = {}
        self.redactor = Redactor()
        self.labels: Mapping[str, str] = {}
        self.lacking: list[str] = []
        self.refuses_slices = ""
        self.written: list[Object] = []
        self.tried: list[str] = []
        self.refuses: dict[str, Refusal] = {}
        self._taken = 0
        self._node_ports = itertools.count(30002)

    # What the harness asks.

    @property
    def name(self) -> str:
        return "canary-test"

    @property
    def kubeconfig(self) -> Path:
        return self._kubeconfig

    def open_list(self, kind: str, query: Query, timeout: tuple[float, float]) -> BaseHTTPResponse:
        raise AssertionError("whoever watches it is told of what changes, and lists nothing")

    @property
    def cluster(self) -> ClusterAround:
        return Around(self)

    @property
    def access(self) -> Access:
        return Allowed(self)

    def dry_apply(self, body: Object) -> Refusal | None:
        self.tried.append(f"{body['kind']} {body['metadata']['name']}")
        return self.refuses.get(self.tried[-1])

    def objects(self, kind: str) -> list[Object]:
        self.take_up()
        return [copied(each) for each in self.held(kind)]

    def held(self, kind: str) -> list[Object]:
        """The objects themselves, for who looks a thousand times; they are not to be changed."""
        return self.store.held(kind)

    def beside(self, name: str) -> "Namespace":
        return self

    def create(self, labels: Mapping[str, str]) -> None:
        self.put({"kind": "ServiceAccount", "metadata": {"name": "default"}})

    def exists(self) -> bool:
        return self.stays or not self.deleted.exists()

    def deployment(self, name: str) -> Object | None:
        found = [each for each in self.objects("Deployment") if each["metadata"]["name"] == name]
        return found[0] if found else None

    def add(self, *bodies: Object) -> None:
        for body in bodies:
            made = copied(body)
            for key, value in made.pop("stringData", {}).items():
                encoded = base64.b64encode(value.encode()).decode()
                made.setdefault("data", {})[key] = encoded
            if made["kind"] == "Service":
                made["metadata"]["uid"] = f"uid-{made['metadata']['name']}"
                if made["spec"].get("type") == "NodePort":
                    made["spec"]["ports"][0]["nodePort"] = next(self._node_ports)
            if made["kind"] == "Deployment":
                self.controllers.roll_out(made)
            elif made["kind"] == "Job":
                self.controllers.run_job(made)
            else:
                self.put(self.controllers.one_off(made) if made["kind"] == "Pod" else made)

    def scale(self, deployment: str, replicas: int) -> None:
        found = self.deployment(deployment)
        assert found, f"there is no Deployment {deployment} to scale"
        found["spec"]["replicas"] = replicas
        self.controllers.roll_out(found)

    def delete_deployment(self, deployment: str) -> None:
        self.drop("Deployment", deployment)
        for pod in pods_of(self.objects("Pod"), deployment):
            self.drop("Pod", pod["metadata"]["name"])
        self.controllers.connect()

    def job(self, name: str) -> Object | None:
        return self.store.get("Job", name)

    def delete_job(self, job: str) -> None:
        for pod in self.held("Pod"):
            owners = pod["metadata"].get("ownerReferences", [])
            if any((each["kind"], each["name"]) == ("Job", job) for each in owners):
                self.drop("Pod", pod["metadata"]["name"])
        self.drop("Job", job)

    def delete_service(self, service: str) -> None:
        self.drop("Service", service)
        for item in self.objects("EndpointSlice"):
            owners = item["metadata"].get("ownerReferences", [])
            if any(owner["uid"] == f"uid-{service}" for owner in owners):
                self.drop("EndpointSlice", item["metadata"]["name"])

    def write_slice(self, body: Object) -> None:
        if self.refuses_slices:
            raise ClusterError(self.refuses_slices)
        self.written.append(copied(body))
        self.put(body)

    def delete_pod(self, pod: str) -> None:
        self.drop("Pod", pod)

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
        text = self.said.get(pod) or (
            f"{'2026-01-01T00:00:00.123456789Z ' if timestamps else ''}"
            f"what {pod} has logged{' before' if previous else ''}{self.logged()}"
        )
        if disclosure:
            disclosure.of_text()(text)
        return self.redactor.redact(text)

    def keys(self) -> dict[str, frozenset[str]]:
        return {
            f"{kind} {item['metadata']['name']}": frozenset(item.get("data") or {})
            for kind in ("Secret", "ConfigMap")
            for item in self.objects(kind)
        }

    def exec(
        self,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        timeout: float,
        keep: int = 0,
        heard: Callable[[str], None] | None = None,
        disclosure: Disclosure | None = None,
    ) -> Exec:
        code, output, stdout = self.runs(self.store.one("Pod", pod), list(command), heard)
        if disclosure:
            disclosure.of_text()(output)
        return Exec(pod, " ".join(command), code, self.redactor.redact(output), stdout)

    def proxy(self, pod: str, port: int) -> tuple[str, requests.Session]:
        session = requests.Session()
        session.trust_env = False
        return f"{self.proxied}/api/v1/namespaces/{self.name}/pods/{pod}:{port}/proxy", session

    def service_proxy(self, service: str, port: int) -> tuple[str, requests.Session]:
        session = requests.Session()
        session.trust_env = False
        return self.proxied, session

    # What the controllers do.

    # What a test does behind everyone's back, and what the scripts have asked for.

    def put(self, item: Object) -> None:
        """Store an object and tell who watches."""
        self.store.put(item)

    def drop(self, kind: str, name: str) -> None:
        """Remove an object and tell who watches."""
        self.store.drop(kind, name)

    def edit(self, kind: str, name: str, change: Callable[[Object], Object | None]) -> None:
        """Change an object behind everyone's back."""
        item = copied(self.store.one(kind, name))
        self.put(change(item) or item)
        if kind == "Pod":
            for deployment in self.objects("Deployment"):
                if owned(item, deployment["metadata"]["name"]):
                    self.controllers.count(deployment)
        self.controllers.connect()

    def take_up(self) -> None:
        """Do what the scripts have asked for since."""
        with self.store.lock:
            # Every request looks, and there is seldom anything new.
            if self.log.stat().st_size == self._taken:
                return
            content = self.log.read_bytes()
            fresh, self._taken = content[self._taken :].decode(), len(content)
            for line in fresh.splitlines():
                kind, manifest, *words = line.split("\t")
                if kind == "service":
                    self.put(objects.service(Path(manifest), 30001))
                    self.controllers.connect()
                elif kind == "scale":
                    self.scale(manifest, int(words[0]))
                elif kind == "delete":
                    self.delete_deployment(manifest)
                elif kind == "exec":
                    self.runs(self.store.one("Pod", manifest), words[0].split(), None)
                else:
                    name, replicas, image = words
                    for each in objects.applied(Path(manifest), name, int(replicas), image):
                        if each["kind"] == "Job":
                            self.controllers.run_job(each)
                    self.controllers.roll_out(
                        objects.deployment(Path(manifest), name, int(replicas), image)
                    )
