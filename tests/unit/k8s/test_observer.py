"""What the observer tells whom of changes."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from fakes.api_server import ApiServer, write_kubeconfig

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.news import LIMITS, Limits
from pytest_canary.k8s.observer import Observer

HERE = "namespaces/shop-test"
PATHS = {
    "Deployment": f"/apis/apps/v1/{HERE}/deployments",
    "ReplicaSet": f"/apis/apps/v1/{HERE}/replicasets",
    "Pod": f"/api/v1/{HERE}/pods",
    "EndpointSlice": f"/apis/discovery.k8s.io/v1/{HERE}/endpointslices",
    "Service": f"/api/v1/{HERE}/services",
    "Event": f"/api/v1/{HERE}/events",
}
REFUSED = (403, {"message": "no"})
PATIENCE = 60
"""Seconds in which what is to happen does, on the busiest of machines."""


def listing(*names: str) -> tuple[int, Any]:
    """What lists objects of these names."""
    items = [{"metadata": {"name": name}} for name in names]
    return 200, {"metadata": {"resourceVersion": "1"}, "items": items}


@pytest.fixture
def api_server(api_server: ApiServer) -> ApiServer:
    """Lists nothing, and lets nobody watch."""
    for path in PATHS.values():
        api_server.answers |= {f"GET {path}": listing(), f"WATCH {path}": REFUSED}
    return api_server


@pytest.fixture
def limits() -> Limits:
    """What the watches go by."""
    return LIMITS


@pytest.fixture
def observer(api_server: ApiServer, tmp_path: Path, limits: Limits) -> Iterator[Observer]:
    write_kubeconfig(tmp_path / "kubeconfig", api_server)
    namespace = Namespace(tmp_path / "kubeconfig", "shop-test", context="it")
    found = Observer(namespace, limits).start()
    yield found
    found.stop()


def wait_for(observer: Observer, service: str) -> None:
    """Wait until a Service is seen."""

    def look() -> Seen[None]:
        names = observer.snapshot().services
        return Seen(", ".join(names) or "nothing", service in names, None)

    Waiter().until(f"Service {service}", look, timeout=30, change=observer.change)


def test_where_watches_are_refused_lists_have_to_do(
    api_server: ApiServer, observer: Observer
) -> None:
    api_server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    wait_for(observer, "shop-lb")
    asked, began = len(api_server.asked), observer.now()
    Waiter().until(
        "other lists",
        lambda: Seen("few", len(api_server.asked) > asked + 3 * len(PATHS), None),
        timeout=30,
    )
    passed = observer.now() - began
    assert observer.quiet_for("EndpointSlice") > passed, "what is listed again has not changed"


@pytest.mark.parametrize("limits", [replace(LIMITS, refused=1, grace=0)])
def test_who_may_see_nothing_any_more_does_not_wait_for_it(
    api_server: ApiServer, observer: Observer
) -> None:
    api_server.answers[f"GET {PATHS['Service']}"] = REFUSED
    with pytest.raises(ClusterError) as refused:
        wait_for(observer, "shop-lb")
    assert str(refused.value).startswith(
        "the API server has refused to list Service in namespace shop-test for "
    )
    assert str(refused.value).endswith(
        " s: Forbidden; see who has changed the walk's Role or its account"
    )
    api_server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    wait_for_sight(observer)


def wait_for_sight(observer: Observer) -> None:
    """Wait until a Service is seen that was not seen for long."""

    def look() -> Seen[None]:
        with contextlib.suppress(ClusterError):
            return Seen("nothing", "shop-lb" in observer.snapshot().services, None)
        return Seen("too long ago", False, None)

    Waiter().until("sight again", look, timeout=30)
    wait_for(observer, "shop-lb")


# What may come instead of a list: an answer, and what is told of it.
TROUBLE = {
    "an error": ((500, {}), "Internal Server Error"),
    "no list": ((200, {"metadata": {}, "items": None}), "TypeError: "),
    "no JSON": ((200, "<html>"), "JSONDecodeError: "),
}


@pytest.mark.parametrize(("answer", "why"), TROUBLE.values(), ids=TROUBLE)
@pytest.mark.parametrize("limits", [replace(LIMITS, silence=2, grace=0)])
def test_what_was_heard_too_long_ago_is_nothing_to_go_by(
    api_server: ApiServer, observer: Observer, answer: Any, why: str
) -> None:
    api_server.answers[f"GET {PATHS['Service']}"] = answer
    asked = len(api_server.asked)
    with pytest.raises(ClusterError) as blind:
        wait_for(observer, "shop-lb")
    sentence = str(blind.value)
    assert re.match(
        "the watch of Service in namespace shop-test has had no news for [0-9]+ s: the last was a "
        f"list of 0, and since then it failed [0-9]+ times: {why}",
        sentence,
    )
    assert sentence.endswith("; see whether the API server is well")
    assert "\n" not in sentence
    with pytest.raises(ClusterError, match="has had no news for"):
        observer.snapshot()
    assert observer.last_snapshot().services == {}, "what shows what is wrong has it all the same"
    lists = [each for each in api_server.asked[asked:] if each == f"GET {PATHS['Service']}"]
    assert 0 < len(lists) < 9, "an API server in trouble is asked less and less often"
    api_server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    wait_for_sight(observer)


def test_what_can_not_be_recorded_is_not_taken_for_seen(
    api_server: ApiServer, observer: Observer
) -> None:
    broken = (200, {"metadata": {"resourceVersion": "1"}, "items": [{"metadata": {"name": "app"}}]})
    api_server.answers[f"GET {PATHS['Deployment']}"] = broken
    path, asked = f"GET {PATHS['Deployment']}", len(api_server.asked)
    Waiter().until(
        "it to be listed twice",
        lambda: Seen("once", api_server.asked[asked:].count(path) > 2, None),
        timeout=30,
    )
    assert observer.snapshot().deployments == {}


Told = Queue[str | None]


@pytest.fixture
def told(api_server: ApiServer) -> Told:
    """What a watch of Services tells; it is quiet, and not at its end, as long as this is empty."""
    told: Told = Queue()
    api_server.answers[f"WATCH {PATHS['Service']}"] = lambda _: (200, iter(told.get, None))
    return told


def event(kind: str, /, **item: Any) -> str:
    return json.dumps({"type": kind, "object": item}) + "\n"


def test_what_a_watch_tells_is_seen(told: Told, observer: Observer) -> None:
    told.put(event("ADDED", metadata={"name": "shop-lb", "resourceVersion": "2"}))
    wait_for(observer, "shop-lb")
    told.put(event("ADDED", metadata={"name": "other", "resourceVersion": "3"}))
    told.put(event("MODIFIED", metadata={"name": "other", "resourceVersion": "4"}, spec={"a": 1}))
    told.put(event("DELETED", metadata={"name": "shop-lb", "resourceVersion": "5"}))

    def look() -> Seen[None]:
        services = observer.snapshot().services
        return Seen(", ".join(services), "shop-lb" not in services, None)

    Waiter().until("the end of a Service", look, timeout=30, change=observer.change)
    # As the API server wrote it.
    other = {"metadata": {"name": "other", "resourceVersion": "4"}, "spec": {"a": 1}}
    assert observer.snapshot().services == {"other": other}
    told.put(None)


@pytest.mark.parametrize(
    "line",
    [
        event("ERROR", code=410, reason="Expired", message="too old resource version"),
        event("ERROR", code=500),
        "half a li\n",
    ],
)
def test_a_watch_that_tells_something_else_is_begun_anew_with_a_list(
    api_server: ApiServer, told: Told, observer: Observer, line: str
) -> None:
    told.put(event("ADDED", metadata={"name": "other"}))
    wait_for(observer, "other")
    api_server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    told.put(line)
    wait_for(observer, "shop-lb")
    told.put(None)


def test_lines_of_a_watch_come_as_they_may(told: Told, observer: Observer) -> None:
    first, second = (event("ADDED", metadata={"name": name}) for name in ("other", "shop-lb"))
    told.put(first[:9])
    told.put(first[9:] + "\n" + second[:30])
    wait_for(observer, "other")
    told.put(second[30:])
    wait_for(observer, "shop-lb")
    told.put(None)


def test_what_is_listed_again_as_it_was_told_has_not_changed(
    api_server: ApiServer, told: Told, observer: Observer
) -> None:
    version = {"name": "shop-lb", "resourceVersion": "7"}
    told.put(event("ADDED", kind="Service", apiVersion="v1", metadata=version))
    wait_for(observer, "shop-lb")
    seen, path = observer.now(), f"GET {PATHS['Service']}"
    # A list leaves out what kind its objects are.
    answer = {"metadata": {"resourceVersion": "8"}, "items": [{"metadata": version}]}
    api_server.answers[path] = (200, answer)
    lists = api_server.asked.count(path)
    told.put(None)

    def look() -> Seen[None]:
        return Seen("one list", api_server.asked.count(path) > lists + 1, None)

    Waiter().until("another list", look, timeout=30, change=lambda _: told.put(None))
    passed = observer.now() - seen
    assert observer.quiet_for("Service") > passed
    told.put(None)


def test_whoever_stops_does_not_wait_for_quiet_watches(told: Told, observer: Observer) -> None:
    told.put(event("ADDED", metadata={"name": "shop-lb"}))
    wait_for(observer, "shop-lb")
    observer.stop()
    left = [each.name for each in threading.enumerate() if each.name.startswith("watch-")]
    assert left == []
    told.put(None)


@pytest.mark.parametrize("limits", [replace(LIMITS, watch=1, dropped=1.5)])
def test_a_connection_that_is_dropped_in_silence_is_noticed(
    api_server: ApiServer, told: Told, observer: Observer
) -> None:
    told.put(event("ADDED", metadata={"name": "other"}))
    wait_for(observer, "other")
    # The watch is quiet from here on, and nobody ends it.
    api_server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    wait_for(observer, "shop-lb")
    told.put(None)


@pytest.mark.parametrize("limits", [replace(LIMITS, watch=1, silence=2.5)])
def test_a_watch_that_is_quiet_and_well_is_no_trouble(
    api_server: ApiServer, told: Told, observer: Observer
) -> None:
    lists = f"GET {PATHS['Service']}"

    def look() -> Seen[None]:
        observer.snapshot()
        told.put(None)  # As an API server does after a second, without any bookmark.
        return Seen("not yet", api_server.asked.count(lists) > 3 and observer.now() > 3, None)

    Waiter().until("several watches", look, timeout=60, change=lambda _: time.sleep(0.9))
    assert any(each.endswith("&timeoutSeconds=1") for each in api_server.asked)


@pytest.mark.parametrize("limits", [replace(LIMITS, silence=1, grace=60)])
def test_who_reads_waits_a_little_for_news(
    api_server: ApiServer, told: Told, observer: Observer
) -> None:
    """As where this process stood still, and its watches with it."""
    goes_on = threading.Event()

    def late(_: object) -> tuple[int, Any]:
        goes_on.wait()
        return listing("shop-lb")

    api_server.answers[f"GET {PATHS['Service']}"] = late
    began = observer.now()
    told.put(None)
    Waiter().until(
        "the last news to be old",
        lambda: Seen("new", observer.now() - began > 1.5, None),
        timeout=30,
    )
    threading.Timer(0.3, goes_on.set).start()
    assert "shop-lb" in observer.snapshot().services
    told.put(None)


def test_what_one_thread_has_seen_another_may_still_wait_for() -> None:
    namespace: Any = None
    observer = Observer(namespace)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:

        def begin_to_wait() -> Future[None]:
            """Let the one wait for a change, for longer than anybody here waits for it."""
            return one.submit(observer.change, 2 * PATIENCE)

        def expect_it_waits(waiting: Future[None]) -> None:
            assert wait([waiting], timeout=0.1).done == set()
            observer.wake()
            assert wait([waiting], timeout=PATIENCE).done == {waiting}

        one.submit(observer.snapshot).result()
        expect_it_waits(begin_to_wait())
        other.submit(observer.snapshot).result()
        waiting = begin_to_wait()
        assert wait([waiting], timeout=PATIENCE).done == {waiting}
        one.submit(observer.snapshot).result()
        expect_it_waits(begin_to_wait())


def test_readiness_that_was_lost_between_two_lists_is_known(
    api_server: ApiServer, observer: Observer
) -> None:
    def list_pod(ready_since: str) -> None:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": ready_since}
        pod = {"metadata": {"name": "app-1"}, "status": {"conditions": [ready]}}
        api_server.answers[f"GET {PATHS['Pod']}"] = 200, listing()[1] | {"items": [pod]}
        Waiter().until(
            "the pod to be seen",
            lambda: Seen("not yet", ready_since in str(observer.snapshot().pods), None),
            timeout=30,
        )

    list_pod("2026-01-01T10:00:00Z")
    assert observer.readiness_lost(["app-1"]) == 0
    between = observer.now()
    list_pod("2026-01-01T10:00:09Z")
    assert observer.readiness_lost(["app-1"], between) == 1
    assert observer.readiness_lost(["app-1"], observer.now()) == 0
