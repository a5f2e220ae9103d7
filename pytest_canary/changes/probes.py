"""Probes that ask something else than those of another version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.changes.version_objects import VersionObjects
from pytest_canary.core.wording import cut
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.manifests.pods import containers

PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")

# Characters of a command that are shown.
WIDTH = 60


def changed_probes(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """Probes that ask another path or port than the live version's.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    known = {str(each.get("name")): place for place, each in containers(live.stable)}
    for place, container in containers(made.stable):
        before = known.get(str(container.get("name")))
        if before is None and len(known) == 1:
            before = next(iter(known.values()))
        for probe in PROBES if before else ():
            was, now = (*(before or ()), probe), (*place, probe)
            old, new = _asks(live.stable, was), _asks(made.stable, now)
            clear = live.clear(live.stable, *was) and made.clear(made.stable, *now)
            # Who asks a port by its name goes where that goes.
            same = old == new or _handler(live.stable, was) == _handler(made.stable, now)
            if old and new and clear and not same:
                yield made.stable.fault(
                    (*now, *_way(made.stable, now, old)),
                    f"the {probe} of container {container.get('name')} asks {new}, and {old} in "
                    f"{live.title}",
                    "see that this version answers there, and that whoever else asks it, as a load "
                    "balancer or a monitor does, follows",
                )


def _asks(deployment: Document, probe: Place) -> str:
    """What a probe asks, for a person: "GET /ready of port 3000"; empty where there is none."""
    found = deployment.table(*probe)
    web, socket, rpc = (_table(found, each) for each in ("httpGet", "tcpSocket", "grpc"))
    if web:
        scheme = " by HTTPS" if web.get("scheme") == "HTTPS" else ""
        return f"GET {web.get('path') or '/'} of port {_port(deployment, probe, web)}{scheme}"
    if socket:
        return f"port {_port(deployment, probe, socket)} for a connection"
    if rpc:
        service = f" for {rpc['service']}" if rpc.get("service") else ""
        return f"port {_port(deployment, probe, rpc)} by gRPC{service}"
    command = _table(found, "exec").get("command")
    words = " ".join(str(each) for each in command) if isinstance(command, list) else ""
    return f"`{cut(words, WIDTH)}`" if words else ""


def _port(deployment: Document, probe: Place, asked: Mapping[str, Any]) -> Any:
    """The number of a port, which a probe may name."""
    port = asked.get("port")
    named = {
        str(each.get("name")): each.get("containerPort")
        for _, each in deployment.tables(*probe[:-1], "ports")
    }
    return named.get(str(port), port)


def _handler(deployment: Document, probe: Place) -> dict[str, Any]:
    """How a probe asks, as it is written; without how often."""
    return {key: each for key, each in deployment.table(*probe).items() if key in HANDLERS}


def _way(deployment: Document, probe: Place, old: str) -> Place:
    """Where a probe says what changes."""
    for kind in HANDLERS:
        if deployment.table(*probe, kind):
            path = deployment.at(*probe, kind, "path")
            moved = path is not None and f"GET {path} " not in old
            return (kind, "path") if moved else (kind,)
    return ()


def _table(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}
