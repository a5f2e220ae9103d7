"""What goes into the measurement of canary and baseline, from where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from fakes.clock import Clock

from pytest_canary.config import settings_file
from pytest_canary.config.settings import Settings
from pytest_canary.context.measurement import Measured, Measurement
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.waiting import Waiter
from pytest_canary.k8s.objects import Snapshot

Object = dict[str, Any]


class Load:
    """Traffic that comes as steadily as the clock goes: so many requests a second by version."""

    def __init__(self, clock: Clock, rates: Mapping[str, float]) -> None:
        self.clock = clock
        self.rates = rates
        self.errors: dict[str, float] = {}
        self.seconds = {"1": 0.010, "2": 0.010}

    def now(self) -> float:
        return self.clock.time + 100

    def window(self, begin: float, end: float) -> Any:
        span = max(end - begin, 0)
        return SimpleNamespace(
            versions={
                version: SimpleNamespace(
                    sent=int(rate * span),
                    in_flight=0,
                    lost=int(rate * span * self.errors.get(version, 0)),
                )
                for version, rate in self.rates.items()
            }
        )

    def latencies(self, begin: float, end: float) -> dict[str, list[float]]:
        found = self.window(begin, end).versions
        return {
            version: [self.seconds[version] + n % 7 / 1000 for n in range(each.sent - each.lost)]
            for version, each in found.items()
        }


class World:
    """One canary and two stable pods that show pages, and a kubelet."""

    def __init__(self, port: int) -> None:
        self.clock = Clock()
        self.pods = {
            f"app-{track}-77-{n}": pod(f"app-{track}", n)
            for track, count in (("canary", 1), ("stable", 2))
            for n in range(count)
        }
        self.load = Load(self.clock, {"1": 30, "2": 15})
        self.port = port
        self.kubelet: dict[str, tuple[float, float]] = {}
        self.kubelet_fails = False
        self.cluster = self

    def proxy(self, name: str, port: int) -> tuple[str, requests.Session]:
        session = requests.Session()
        session.trust_env = False
        return f"http://127.0.0.1:{self.port}/{name}", session

    def memory(self, node: str) -> dict[str, tuple[float, float]]:
        if self.kubelet_fails:
            raise ClusterError("you may not")
        assert node == "node-1"
        return self.kubelet

    def window(self, **table: Any) -> Measurement:
        observer: Any = SimpleNamespace(snapshot=lambda: Snapshot(pods=self.pods))
        namespace: Any = self
        load: Any = self.load
        return Measurement(
            namespace,
            observer,
            Waiter(self.clock),
            load,
            SETTINGS(table),
            baseline=Measured("app-stable", "1"),
            canary=Measured("app-canary", "2"),
            port=lambda _: 3000,
        )


def SETTINGS(table: Mapping[str, Any]) -> Settings:  # noqa: N802
    from fakes.world import ROOT

    return settings_file.check(dict(table), ROOT, "canary.toml")


def pod(deployment: str, number: int) -> Object:
    return {
        "metadata": {
            "name": f"{deployment}-77-{number}",
            "labels": {"pod-template-hash": "77"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"{deployment}-77"}],
        },
        "spec": {"containers": [{"name": "app", "image": "app:1"}], "nodeName": "node-1"},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "app", "restartCount": 0}],
        },
    }


PAGES: dict[str, str] = {}
ELSEWHERE, DRIPPING = "sends its client to another page", "comes byte by byte, and never ends"


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = PAGES.get(self.path)
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


@contextmanager
def serving() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def world() -> Iterator[World]:
    PAGES.clear()
    with serving() as port:
        yield World(port)


def show(name: str, *lines: str) -> None:
    PAGES[f"/{name}/metrics"] = "\n".join([*lines, ""])


def resident(mega: float) -> str:
    return f"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {mega}e6"


def failed(count: int) -> str:
    return f"# TYPE jobs_failed counter\njobs_failed_total {count}"


def test_two_that_are_alike_are_a_go_before_the_time_is_up(world: World) -> None:
    verdict = world.window().judge()
    assert (verdict.answer, verdict.final) == ("go", True)
    assert world.clock.time < 30
    assert verdict.requests[1] >= 253


def test_a_canary_that_fails_is_a_no_go_early(world: World) -> None:
    world.load.errors = {"2": 0.2}
    verdict = world.window().judge()
    assert verdict.answer == "no-go"
    assert world.clock.time < 15


def test_a_canary_that_is_not_asked_is_inconclusive_at_the_end(world: World) -> None:
    world.load.rates = {"1": 45}
    verdict = world.window().judge()
    assert (verdict.answer, verdict.sentence) == (
        "inconclusive",
        "0 requests of the canary, at least 253 are needed",
    )


def test_restarts_count_from_the_windows_beginning(world: World) -> None:
    world.pods["app-canary-77-0"]["status"]["containerStatuses"][0]["restartCount"] = 2
    window = world.window()
    assert window.observed()[1].restarts == 0
    world.pods["app-canary-77-0"]["status"]["containerStatuses"][0]["restartCount"] = 3
    baseline, canary = window.observed()
    assert (baseline.restarts, canary.restarts) == (0, 1)
    assert (baseline.pods, canary.pods) == (2, 1)


def evict(pod: Object) -> None:
    pod["status"]["phase"] = "Failed"


def delete(pod: Object) -> None:
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("end", [evict, delete])
def test_a_pod_in_anothers_place_counts_as_a_restart(
    world: World, end: Callable[[Object], None]
) -> None:
    window = world.window()
    world.pods["app-canary-77-1"] = pod("app-canary", 1)
    assert window.observed()[1].restarts == 0
    end(world.pods["app-canary-77-0"])
    assert [each.restarts for each in window.observed()] == [0, 1]
    del world.pods["app-canary-77-0"]
    assert [each.restarts for each in window.observed()] == [0, 1]


def test_a_pod_on_its_way_out_when_the_window_begins_is_no_restart(world: World) -> None:
    world.pods["app-stable-77-2"] = pod("app-stable", 2)
    delete(world.pods["app-stable-77-2"])
    window = world.window()
    del world.pods["app-stable-77-2"]
    assert window.observed()[0].restarts == 0


def test_counters_of_things_gone_wrong_are_added_up_over_the_pods(world: World) -> None:
    for name in world.pods:
        show(name, failed(5))
    window = world.window()
    for name in world.pods:
        show(name, failed(7))
    window.measure()
    baseline, canary = window.observed()
    assert baseline.counters == {"jobs_failed_total": 4}
    assert canary.counters == {"jobs_failed_total": 2}


def test_counters_are_held_against_the_requests_until_they_were_read(world: World) -> None:
    """They count what was asked in the last second too, which `requests` leaves out."""
    show("app-canary-77-0", failed(5))
    window = world.window()
    world.clock.sleep(4)
    window.measure()
    _, canary = window.observed()
    assert (canary.requests, canary.counted) == (45, 60)
    assert window.observed()[0].counted == 120


def test_no_page_of_metrics_is_none_and_not_nothing(world: World) -> None:
    show("app-stable-77-0", failed(5))
    PAGES["/app-canary-77-0/metrics"] = "<html>not found</html>"
    baseline, canary = world.window().observed()
    assert baseline.counters == {"jobs_failed_total": 0}
    assert canary.counters is None


def test_memory_is_the_apps_own_figure_where_both_tell_it(world: World) -> None:
    for name in world.pods:
        show(name, resident(40 if "canary" in name else 20))
    world.kubelet = dict.fromkeys(world.pods, (1000.0, 99e6))
    window = world.window()
    world.clock.sleep(5)
    window.measure()
    baseline, canary = window.observed()
    assert baseline.memory == [(0.0, 20e6), (5.0, 20e6)]
    assert canary.memory == [(0.0, 40e6), (5.0, 40e6)]


def test_memory_is_the_kubelets_where_one_tells_none(world: World) -> None:
    show("app-canary-77-0", resident(40))
    world.kubelet = {
        "app-canary-77-0": (1000.0, 50e6),
        "app-stable-77-0": (1000.0, 20e6),
        "app-stable-77-1": (1002.0, 30e6),
    }
    baseline, canary = world.window().observed()
    assert baseline.memory == [(1002.0, 25e6)]
    assert canary.memory == [(1000.0, 50e6)]


def test_memory_that_nobody_tells_is_none(world: World) -> None:
    world.kubelet_fails = True
    baseline, canary = world.window().observed()
    assert (baseline.memory, canary.memory) == (None, None)


def test_a_pod_that_is_not_ready_is_not_asked(world: World) -> None:
    for name in world.pods:
        show(name, failed(1))
    world.pods["app-canary-77-0"]["status"]["conditions"][0]["status"] = "False"
    assert world.window().observed()[1].counters is None


def test_metrics_are_asked_for_once_and_nowhere_else(world: World) -> None:
    """A redirect would take the API server's token along."""
    for name in world.pods:
        show(name, failed(5))
    show("elsewhere", failed(5))
    PAGES["/app-canary-77-0/metrics"] = ELSEWHERE
    baseline, canary = world.window().observed()
    assert baseline.counters == {"jobs_failed_total": 0}
    assert canary.counters is None


def test_metrics_that_drip_are_no_page_of_metrics(world: World) -> None:
    for name in world.pods:
        show(name, failed(5))
    PAGES["/app-canary-77-0/metrics"] = DRIPPING
    baseline, canary = world.window(deadlines={"request": 0.2}).observed()
    assert baseline.counters == {"jobs_failed_total": 0}
    assert canary.counters is None
