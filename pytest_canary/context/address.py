"""Where the app is reached from outside a cluster that the run did not make.

By the address that a cloud gives the Service; where none does, by its node port; and where nodes
can't be reached, through the API server.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.objects import Object, is_ready

if TYPE_CHECKING:
    from pytest_canary.k8s.namespace_api import NamespaceApi

# Seconds in which whoever gives Services of type LoadBalancer their addresses says so, by an event
# or the address itself; an address may take minutes then.
TAKEN_UP = 15.0

# Seconds for a node to take a connection, or not.
CONNECT = 2.0

THROUGH_API_SERVER = (
    "the app is asked through the API server, as its Service gets no address and no node can be "
    "reached from here; that is not how its users reach it, so neither share nor loss says anything"
)


@dataclass(frozen=True)
class Address:
    """How the app is reached.

    Attributes:
        url: without a path.
        session: the client that may use it; None where anybody may.
        detour: why neither the share of connections nor a lost request says anything of the app
            there; empty where they do.
    """

    url: str
    session: Any = None
    detour: str = ""


def answers(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), CONNECT):
        return True
    return False


def is_there(host: str, port: int) -> bool:
    """Whether a machine is reached there, be it that it takes no connection yet."""
    try:
        socket.create_connection((host, port), CONNECT).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def node_url(
    pods: Iterable[Object], port: int, reaches: Callable[[str, int], bool] = is_there
) -> str | None:
    """The URL of a node port, on the first node that is reached; None where none is.

    Args:
        pods: whose nodes are tried, as few may list nodes.
        port: the node port.
        reaches: tells whether a host is reached at the port.
    """
    host = next((each for each in _hosts(pods) if reaches(each, port)), None)
    return f"http://{_literal(host)}:{port}" if host else None


def find_address(
    namespace: NamespaceApi,
    service: Callable[[], Object],
    waiter: Waiter,
    timeout: float,
    reaches: Callable[[str, int], bool] = answers,
) -> Address:
    """Find the best way to a Service.

    Args:
        namespace: the Service's.
        service: looks at it.
        waiter: waits for its address.
        timeout: seconds until that is given up, where somebody is about to give it one.
        reaches: tells whether something takes connections at a host and port.
    """
    began = waiter.clock.monotonic()

    def look() -> Seen[Address | None]:
        found = service()
        name, port = str(found["metadata"]["name"]), found["spec"]["ports"][0]
        given = _ingress_of(found)
        if given:
            return Seen(given, True, Address(f"http://{_literal(given)}:{port['port']}"))
        waited = waiter.clock.monotonic() - began
        told = any(_is_about(event, name) for event in namespace.objects("Event"))
        if found["spec"].get("type") == "LoadBalancer" and waited < (timeout if told else TAKEN_UP):
            return Seen(f"Service {name} has no address yet", False, None)
        return Seen("it gets none", True, _without(namespace, found, reaches))

    # Some more, so that the wait ends by finding another way.
    address = waiter.until("an address for the Service", look, timeout=timeout + TAKEN_UP)
    assert address  # noqa: S101 (the look that was done has one)
    return address


def _ingress_of(service: Object) -> str:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return str(ingress[0].get("ip") or ingress[0].get("hostname") or "")


def _is_about(event: Object, service: str) -> bool:
    about = event.get("involvedObject", {})
    return bool(about.get("kind") == "Service" and about.get("name") == service)


def _without(
    namespace: NamespaceApi, service: Object, reaches: Callable[[str, int], bool]
) -> Address:
    """The way to a Service that gets no address."""
    port = service["spec"]["ports"][0]
    # A node with externalTrafficPolicy Local knows its own pods alone.
    if "nodePort" in port and service["spec"].get("externalTrafficPolicy") != "Local":
        by_node = node_url(namespace.objects("Pod"), port["nodePort"], reaches)
        if by_node:
            return Address(by_node)
    url, session = namespace.service_proxy(str(service["metadata"]["name"]), port["port"])
    return Address(url, session, THROUGH_API_SERVER)


def _hosts(pods: Iterable[Object]) -> list[str]:
    """The nodes' addresses, as the ready pods on them tell."""
    hosts = [pod.get("status", {}).get("hostIP") for pod in pods if is_ready(pod)]
    return list(dict.fromkeys(host for host in hosts if host))


def _literal(host: str) -> str:
    return f"[{host}]" if ":" in host else host
