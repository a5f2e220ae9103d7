"""What the observer tells whom of changes."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from fakes.api_server import ApiServer, api_server, write_kubeconfig

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.observer import PATIENCE, Observer

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


def listing(*names: str) -> tuple[int, Any]:
    """What lists objects of these names."""
    items = [{"metadata": {"name": name}} for name in names]
    return 200, {"metadata": {"resourceVersion": "1"}, "items": items}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """Lists nothing, and lets nobody watch."""
    with api_server() as running:
        for path in PATHS.values():
            running.answers |= {f"GET {path}": listing(), f"WATCH {path}": REFUSED}
        yield running


@pytest.fixture
def patience() -> float:
    """How long lists may be refused."""
    return PATIENCE


@pytest.fixture
def observer(server: ApiServer, tmp_path: Path, patience: float) -> Iterator[Observer]:
    write_kubeconfig(tmp_path / "kubeconfig", server)
    namespace = Namespace(tmp_path / "kubeconfig", "shop-test", context="it")
    found = Observer(namespace, patience).start()
    yield found
    found.stop()


def wait_for(observer: Observer, service: str) -> None:
    """Wait until a Service is seen."""

    def look() -> Seen[None]:
        names = observer.snapshot().services
        return Seen(", ".join(names) or "nothing", service in names, None)

    Waiter().until(f"Service {service}", look, timeout=30, change=observer.change)


def test_where_watches_are_refused_lists_have_to_do(server: ApiServer, observer: Observer) -> None:
    server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    wait_for(observer, "shop-lb")
    asked = len(server.asked)
    Waiter().until(
        "other lists",
        lambda: Seen("few", len(server.asked) > asked + 3 * len(PATHS), None),
        timeout=30,
    )
    assert observer.quiet_for("EndpointSlice") > 1, "what is listed again has not changed"


@pytest.mark.parametrize("patience", [1.0])
def test_who_may_see_nothing_any_more_does_not_wait_for_it(
    server: ApiServer, observer: Observer
) -> None:
    server.answers[f"GET {PATHS['Service']}"] = REFUSED
    with pytest.raises(ClusterError) as refused:
        wait_for(observer, "shop-lb")
    assert str(refused.value).startswith(
        "the API server has refused to list Service in namespace shop-test for "
    )
    assert str(refused.value).endswith(
        " s: Forbidden; see who has changed the walk's Role or its account"
    )
    server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    Waiter().until(
        "sight again",
        lambda: Seen("blind", "shop-lb" in observer.snapshot().services, None),
        timeout=30,
    )
    wait_for(observer, "shop-lb")


Told = Queue[str | None]


@pytest.fixture
def told(server: ApiServer) -> Told:
    """What a watch of Services tells; it is quiet, and not at its end, as long as this is empty."""
    told: Told = Queue()
    server.answers[f"WATCH {PATHS['Service']}"] = lambda _: (200, iter(told.get, None))
    return told


def event(kind: str, **item: Any) -> str:
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
    # As the API server wrote it, and no model of the client's.
    other = {"metadata": {"name": "other", "resourceVersion": "4"}, "spec": {"a": 1}}
    assert observer.snapshot().services == {"other": other}
    told.put(None)


@pytest.mark.parametrize(
    "line",
    [
        event("ERROR", code=410, reason="Expired", message="too old resource version"),
        event("ERROR", code=500),
        "half a li\n",
        "\n",
    ],
)
def test_a_watch_that_tells_something_else_is_begun_anew_with_a_list(
    server: ApiServer, told: Told, observer: Observer, line: str
) -> None:
    told.put(event("ADDED", metadata={"name": "other"}))
    wait_for(observer, "other")
    server.answers[f"GET {PATHS['Service']}"] = listing("shop-lb")
    told.put(line)
    # A blank line may be passed over, as it tells nothing.
    told.put(None)
    wait_for(observer, "shop-lb")
    told.put(None)


def test_whoever_stops_does_not_wait_for_quiet_watches(told: Told, observer: Observer) -> None:
    told.put(event("ADDED", metadata={"name": "shop-lb"}))
    wait_for(observer, "shop-lb")
    observer.stop()
    left = [each.name for each in threading.enumerate() if each.name.startswith("watch-")]
    assert left == []
    told.put(None)


def test_what_one_thread_has_seen_another_may_still_wait_for() -> None:
    namespace: Any = None
    observer = Observer(namespace)

    def changed() -> bool:
        began = time.monotonic()
        observer.change(0.05)
        return time.monotonic() - began < 0.05

    observer.snapshot()
    assert not changed()
    observer.wake()
    other = threading.Thread(target=observer.snapshot)
    other.start()
    other.join()
    assert changed()
    observer.snapshot()
    assert not changed()
