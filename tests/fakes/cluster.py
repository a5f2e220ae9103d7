"""The API server in memory, what its controllers do, and who watches it."""

import base64
import datetime
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from fakes import objects
from fakes.clock import Clock
from fakes.objects import Object, copied

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.k8s.dry_run import Refusal
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.namespace_api import Access, ClusterAround, NamespaceApi
from pytest_canary.k8s.objects import Snapshot, is_ready, pods_of
from pytest_canary.k8s.observer import KINDS, Observer
from pytest_canary.k8s.rights import Right


class Watched(Observer):
    """The observer, told by the API server itself instead of by watches.

    Args:
        namespace: tells it.
        clock: what its waits take.
        waits: called before each wait, for what happens meanwhile.
    """

    def __init__(
        self, namespace: "Namespace", clock: Clock, waits: Callable[[], None] = lambda: None
    ) -> None:
        self._waits = waits
        self._clock = clock
        # No watch is ever started, and nothing else needs more of it than a namespace's protocol.
        stand_in: Any = namespace
        super().__init__(stand_in)
        self._told_by = namespace
        namespace.watch = self._take

    def known(self) -> Snapshot:
        self._told_by.take_up()
        return super().known()

    def change(self, seconds: float) -> None:
        if threading.current_thread().name == "tracks":
            time.sleep(0.005)  # beside the walk, whose clock it doesn't wind
            return
        self._waits()
        if any(thread.name.startswith("apply") for thread in threading.enumerate()):
            time.sleep(0.002)  # what a script takes is real
        else:
            self._clock.sleep(seconds)

    def now(self) -> float:
        return self._clock.monotonic()

    def stop(self) -> None:
        pass


class Around(ClusterAround):
    """A cluster with one namespace."""

    def __init__(self, namespace: "Namespace") -> None:
        self._namespace = namespace

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    def nodes(self) -> list[Object]:
        return self._namespace.objects("Node")

    def all_pods(self) -> list[Object]:
        return self._namespace.objects("Pod")

    def other_namespaces(self, label: str) -> list[str]:
        return []

    def memory(self, node: str) -> dict[str, tuple[float, float]]:
        return {}


class Allowed(Access):
    """Everything, but what the namespace says."""

    def __init__(self, namespace: "Namespace") -> None:
        self._namespace = namespace

    def lacking(self, rights: Iterable[Right], *, everywhere: bool = False) -> list[str]:
        asked = {
            f"{verb} {right.resource}.{right.group}" for right in rights for verb in right.verbs
        }
        return [each for each in self._namespace.lacking if each in asked]


class Namespace(NamespaceApi):
    """An API server with one namespace, and the controllers behind it.

    Attributes:
        sick: makes a new pod of a healthy one, where new pods don't become ready.
        paused: whether the controllers leave everything as it is.
        stays: whether the namespace outlives its deletion.
        runs: what a command in a container comes to, by its words; code and output.
        logged: what a container has logged, beside its pod's name.
        starts: makes a pod of a Deployment's of a healthy one, after what comes before its app.
        said: what a pod has logged, by its name, where that is something else.
        job_pod: makes a Job's pod of the one that runs it to its end; None for no pod.
        job_ends: the conditions that a Job is to have; by its pod's end where there are none.
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
        self.log = folder / "log"
        self.log.touch()
        self.deleted = deleted
        self.stays = False
        self.paused = False
        self.sick: Callable[[Object], Object] = lambda pod: pod
        self.runs: Callable[[Object, list[str], Any], tuple[int, str, str]]
        self.one_off: Callable[[Object], Object]
        self.proxied = ""
        self.logged: Callable[[], str] = str
        self.starts: Callable[[Object], Object] = lambda pod: pod
        self.said: dict[str, str] = {}
        self.job_pod: Callable[[Object], Object | None] = lambda pod: pod
        self.job_ends: list[Object] = []
        self.redactor = Redactor()
        self.labels: Mapping[str, str] = {}
        self.lacking: list[str] = []
        self.refuses_slices = ""
        self.written: list[Object] = []
        self.tried: list[str] = []
        self.refuses: dict[str, Refusal] = {}
        self.watch: Callable[[str, str, Object], None] = lambda *_: None
        self._objects: dict[str, dict[str, Object]] = {}
        self._taken = 0
        self._numbers = itertools.count(1)
        self._node_ports = itertools.count(30002)
        # Who keeps the tracks' addresses up to date asks from a thread of its own.
        self._lock = threading.RLock()

    # What the harness asks.

    @property
    def name(self) -> str:
        return "canary-test"

    @property
    def kubeconfig(self) -> Path:
        return self._kubeconfig

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
        return list(self._objects.get(kind, {}).values())

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
                self.roll_out(made)
            elif made["kind"] == "Job":
                self.run_job(made)
            else:
                self.put(self.one_off(made) if made["kind"] == "Pod" else made)

    def scale(self, deployment: str, replicas: int) -> None:
        found = self.deployment(deployment)
        assert found, f"there is no Deployment {deployment} to scale"
        found["spec"]["replicas"] = replicas
        self.roll_out(found)

    def delete_deployment(self, deployment: str) -> None:
        self.drop("Deployment", deployment)
        if not self.paused:
            for pod in pods_of(self.objects("Pod"), deployment):
                self.drop("Pod", pod["metadata"]["name"])
            self.connect()

    def job(self, name: str) -> Object | None:
        return self._objects.get("Job", {}).get(name)

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
        code, output, stdout = self.runs(self._objects["Pod"][pod], list(command), heard)
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

    def put(self, item: Object) -> None:
        """Store an object and tell who watches."""
        kind = item["kind"]
        with self._lock:
            self._objects.setdefault(kind, {})[item["metadata"]["name"]] = copied(item)
            if kind in KINDS:
                self.watch(kind, "MODIFIED", copied(item))

    def drop(self, kind: str, name: str) -> None:
        """Remove an object and tell who watches."""
        with self._lock:
            item = self._objects.get(kind, {}).pop(name, None)
            if item and kind in KINDS:
                self.watch(kind, "DELETED", item)

    def take_up(self) -> None:
        """Do what the scripts have asked for since."""
        with self._lock:
            # Every request looks, and there is seldom anything new.
            if self.log.stat().st_size == self._taken:
                return
            content = self.log.read_bytes()
            fresh, self._taken = content[self._taken :].decode(), len(content)
            for line in fresh.splitlines():
                kind, manifest, *words = line.split("\t")
                if kind == "service":
                    self.put(objects.service(Path(manifest), 30001))
                    self.connect()
                elif kind == "scale":
                    self.scale(manifest, int(words[0]))
                elif kind == "delete":
                    self.delete_deployment(manifest)
                elif kind == "exec":
                    self.runs(self._objects["Pod"][manifest], words[0].split(), None)
                else:
                    name, replicas, image = words
                    for each in objects.applied(Path(manifest), name, int(replicas), image):
                        if each["kind"] == "Job":
                            self.run_job(each)
                    self.roll_out(objects.deployment(Path(manifest), name, int(replicas), image))

    def run_job(self, job: Object) -> None:
        """Run a Job's pod to its end, as its controller does."""
        name, number = job["metadata"]["name"], next(self._numbers)
        template, uid = job["spec"]["template"], f"uid-{name}-{number}"
        pod = {
            "kind": "Pod",
            "metadata": {
                **template.get("metadata", {}),
                "name": f"{name}-{number:05}",
                "ownerReferences": [{"kind": "Job", "name": name, "uid": uid}],
            },
            "spec": template["spec"],
        }
        job["metadata"]["uid"] = uid
        self.put(job)
        made = self.job_pod(self.one_off(pod))
        if made:
            self.put(made)
        ends = {"Succeeded": "Complete", "Failed": "Failed"}
        phase = made["status"]["phase"] if made else ""
        conditions = [{"type": ends[phase], "status": "True"}] if phase in ends else []
        self.put(job | {"status": {"conditions": self.job_ends or conditions}})

    def roll_out(self, deployment: Object) -> None:
        """Bring a Deployment's pods to its spec, one by one, as its controller does."""
        name, wanted = deployment["metadata"]["name"], deployment["spec"]["replicas"]
        before = self._objects.get("Deployment", {}).get(name, {"metadata": {}})
        generation = before["metadata"].get("generation", 0) + 1
        deployment["metadata"]["generation"] = generation
        deployment["status"] = before.get("status", {})
        self.put(deployment)
        if self.paused:
            return
        digits = objects.template_hash(deployment)
        mine = [pod for pod in self._objects.get("Pod", {}).values() if owned(pod, name)]
        new = [p for p in mine if p["metadata"]["labels"]["pod-template-hash"] == digits]
        old = [p for p in mine if p not in new]
        self._count(deployment)
        while len(new) < wanted or old:
            if len(new) < wanted:
                healthy = objects.pod(deployment, next(self._numbers))
                new.append(self.sick(self.starts(healthy)))
                self.put(new[-1])
            if old and (len(new) + len(old) > wanted):
                self.drop("Pod", old.pop()["metadata"]["name"])
            self._count(deployment)
        while len(new) > wanted:
            self.drop("Pod", new.pop()["metadata"]["name"])
        self._count(deployment)
        self.connect()

    def _count(self, deployment: Object) -> None:
        """Write down how many replicas there are; the API leaves zeros out."""
        digits = objects.template_hash(deployment)
        mine = pods_of(self._objects.get("Pod", {}).values(), deployment["metadata"]["name"])
        ready = sum(is_ready(pod) for pod in mine)
        counts = {
            "replicas": len(mine),
            "updatedReplicas": sum(
                p["metadata"]["labels"]["pod-template-hash"] == digits for p in mine
            ),
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        status = {key: value for key, value in counts.items() if value}
        generation = deployment["metadata"]["generation"]
        deployment["status"] = {"observedGeneration": generation, **status}
        self.put(deployment)

    def connect(self) -> None:
        """Point every Service that has a selector to the pods that it selects."""
        for service in self.objects("Service"):
            if "selector" not in service["spec"]:
                continue
            selector = service["spec"]["selector"].items()
            pods = self._objects.get("Pod", {}).values()
            chosen = [p for p in pods if selector <= p["metadata"].get("labels", {}).items()]
            ready = [is_ready(pod) for pod in chosen]
            self.put(objects.endpoint_slice(service["metadata"]["name"], chosen, ready))

    def edit(self, kind: str, name: str, change: Callable[[Object], Object | None]) -> None:
        """Change an object behind everyone's back."""
        item = copied(self._objects[kind][name])
        self.put(change(item) or item)
        if kind == "Pod":
            for deployment in self.objects("Deployment"):
                if owned(item, deployment["metadata"]["name"]):
                    self._count(deployment)
        self.connect()


def owned(pod: Object, deployment: str) -> bool:
    """Whether the pod is the Deployment's."""
    return bool(pods_of([pod], deployment))
