"""Pods that show pages of metrics, and a kubelet: what is measured of two versions beside answers.

No API server: pods are put and dropped, and the observer is told.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

import requests
from fakes.clock import Clock
from fakes.folders import ROOT
from fakes.objects import Object
from fakes.store import Store
from fakes.watched import Watched
from urllib3 import BaseHTTPResponse

from pytest_canary.config import settings_file
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ClusterError
from pytest_canary.k8s.connection import Query
from pytest_canary.k8s.namespace_api import MeasuredPods
from pytest_canary.sides import pages as sides

CANARY, STABLE = "app-canary", "app-stable"
FIRST = "app-canary-77-0"
"""The canary's only pod."""

READY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""When each pod became ready."""

ELSEWHERE, DRIPPING = "sends its client to another page", "comes byte by byte, and never ends"


class Pages(BaseHTTPRequestHandler):
    """Shows what the server's `pages` have at a path."""

    pages: dict[str, str]

    def do_GET(self) -> None:
        text = self.pages.get(self.path)
        if text == ELSEWHERE:
            self.send_response(307)
            self.send_header("Location", "/elsewhere/metrics")
            self.end_headers()
            return
        if text == DRIPPING:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):  # until who asked hangs up
                while True:
                    self.wfile.write(b"#")
                    sleep(0.02)
            return
        self.send_response(200 if text is not None else 404)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *_: object) -> None:
        pass


class Pods:
    """One canary and two stable pods, which are a namespace and its cluster at once.

    Attributes:
        pages: what is shown, by path.
        kubelet: what it tells of each pod: seconds and bytes.
        kubelet_fails: whether nobody may ask it.
        allocatable: the memory that the node has for pods; None where nobody may ask for nodes.
    """

    def __init__(self, port: int, pages: dict[str, str]) -> None:
        self.clock = Clock()
        self.pages = pages
        self.kubelet: dict[str, tuple[float, float]] = {}
        self.kubelet_fails = False
        self.allocatable: str | None = "4Gi"
        self.store = Store()
        self._port = port
        self.observer = Watched(self, self.clock)
        for deployment, count in ((CANARY, 1), (STABLE, 2)):
            for number in range(count):
                self.put(pod(deployment, number))

    @property
    def name(self) -> str:
        return "canary-test"

    @property
    def cluster(self) -> Pods:
        return self

    @property
    def names(self) -> list[str]:
        return [each["metadata"]["name"] for each in self.store.held("Pod")]

    def put(self, made: Object) -> None:
        self.store.put(made)

    def drop(self, name: str) -> None:
        self.store.drop("Pod", name)

    def change(self, name: str, change: Callable[[Object], object]) -> None:
        made = copy.deepcopy(self.store.one("Pod", name))
        change(made)
        self.put(made)

    def show(self, name: str, *lines: str) -> None:
        self.pages[f"/{name}/metrics"] = "\n".join([*lines, ""])

    # What the harness asks.

    def open_list(self, kind: str, query: Query, timeout: tuple[float, float]) -> BaseHTTPResponse:
        raise AssertionError("whoever watches them is told of what changes, and lists nothing")

    def take_up(self) -> None:
        """Nobody asks for anything by scripts."""

    def now(self) -> datetime.datetime:
        return READY + datetime.timedelta(seconds=60)

    def proxy(self, name: str, port: int) -> tuple[str, requests.Session]:
        session = requests.Session()
        session.trust_env = False
        return f"http://127.0.0.1:{self._port}/{name}", session

    def nodes(self) -> list[Object]:
        if self.allocatable is None:
            raise ClusterError("you may not")
        told = {"allocatable": {"memory": self.allocatable}}
        return [{"metadata": {"name": "node-1"}, "status": told}]

    def memory(self, node: str) -> dict[str, tuple[float, float]]:
        if self.kubelet_fails:
            raise ClusterError("you may not")
        assert node == "node-1"
        return self.kubelet


@contextmanager
def showing() -> Iterator[Pods]:
    """Pods whose pages are served on loopback."""
    pages: dict[str, str] = {}
    handler = type("Handler", (Pages,), {"pages": pages})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Pods(server.server_port, pages)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pages_of(
    namespace: MeasuredPods, settings: Settings, port: Callable[[str], int] = lambda _: 3000
) -> sides.Pages:
    """What asks pods for their pages, where the settings have them."""
    return sides.Pages(namespace, settings.api, settings.deadlines.request, port)


def checked(table: Mapping[str, Any]) -> Settings:
    """The settings of a project in this repository's layout."""
    return settings_file.check(dict(table), ROOT, "canary.toml")


def pod(deployment: str, number: int) -> Object:
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"{deployment}-77-{number}",
            "uid": f"uid-of-{deployment}-77-{number}",
            "labels": {"pod-template-hash": "77"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"{deployment}-77"}],
        },
        "spec": {"containers": [{"name": "app", "image": "app:1"}], "nodeName": "node-1"},
        "status": {
            "conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": READY.isoformat()}
            ],
            "containerStatuses": [{"name": "app", "restartCount": 0}],
        },
    }


def ready_from(moment: datetime.datetime) -> Callable[[Object], None]:
    """Lets a pod be ready since a moment."""

    def change(made: Object) -> None:
        made["status"]["conditions"][0]["lastTransitionTime"] = moment.isoformat()

    return change


def unready(made: Object) -> None:
    made["status"]["conditions"][0]["status"] = "False"


def evict(made: Object) -> None:
    made["status"]["phase"] = "Failed"


def delete(made: Object) -> None:
    made["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


def restarted(times: int) -> Callable[[Object], None]:
    """Lets a pod's container have been restarted so often."""

    def change(made: Object) -> None:
        made["status"]["containerStatuses"][0]["restartCount"] = times

    return change


def limited(text: str) -> Callable[[Object], None]:
    """Lets a pod's container hold so much."""

    def change(made: Object) -> None:
        made["spec"]["containers"][0]["resources"] = {"limits": {"memory": text}}

    return change


def resident(mega: float) -> str:
    return f"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {mega}e6"


def started(at: float) -> str:
    return f"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {at!r}"


def failed(count: int) -> str:
    return f"# TYPE jobs_failed counter\njobs_failed_total {count}"
