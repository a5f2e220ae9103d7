"""Ports and Services that don't fit two versions beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.changes.settled import describe
from pytest_canary.changes.version_objects import VersionObjects, owner_of
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.manifests.pods import containers

LABELS: Place = ("spec", "template", "metadata", "labels")

Port = tuple[Place, Mapping[str, Any]]


def unserved_versions(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """Where the Service of one version leaves out the other's pods.

    This version's is applied while the live one's pods serve, and the live one's again when that
    is promoted again.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    if live.service is None or made.service is None:
        return
    if not (_fits(live.service, live.stable) and _fits(made.service, made.stable)):
        return  # one of them alone is wrong, which is told of it
    now = [*_left_out(made.service, live, f"Service {made.service.name} of this version")]
    yield from now
    back = f"Service {live.service.name} of {live.title}, which a rollback may bring back,"
    for fault in () if now else _left_out(live.service, made, back):
        # What this version has there mends it.
        place = LABELS if "selects no pod" in fault.sentence else _first_port(made.stable)
        yield made.stable.fault(place, fault.sentence, fault.fix)


def _left_out(service: Document, version: VersionObjects, which: str) -> Iterator[Fault]:
    pods = f"of {version.title}"
    labels, selector = version.stable.table(*LABELS), service.table("spec", "selector")
    if not _selects(service, version.stable):
        wrong = {key: value for key, value in selector.items() if labels.get(key) != value}
        place: Place = ("spec", "selector", next(iter(wrong), ""))
        yield service.fault(
            place,
            f"{which} selects no pod {pods}: it looks for {describe(wrong)}, and they have "
            f"{describe({key: labels.get(key) for key in wrong})}; they get no request from then "
            "on",
            "select by labels that the pods of both have, until this version is live alone",
        )
        return
    for place, port in service.tables("spec", "ports"):
        target = port.get("targetPort", port.get("port"))
        named = _ports(version.stable, port)
        if _leads(target, named):
            continue
        has = ", ".join(dict.fromkeys(_port_label(each) for _, each in named))
        yield service.fault(
            (*place, "targetPort" if "targetPort" in port else "port"),
            f"{which} leads to port {target}, which no container {pods} has: they have {has}, and "
            "get no request from then on",
            "keep the port's name while both run, or lead to its number"
            if isinstance(target, str)
            else "lead to it by a name that the port has in both",
        )


def _fits(service: Document, stable: Document) -> bool:
    return _selects(service, stable) and all(
        _leads(port.get("targetPort", port.get("port")), _ports(stable, port))
        for _, port in service.tables("spec", "ports")
    )


def _selects(service: Document, stable: Document) -> bool:
    selector, labels = service.table("spec", "selector"), stable.table(*LABELS)
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _leads(target: Any, named: list[Port]) -> bool:
    """Whether a target port is one of those that containers name; a number, if they name any."""
    if isinstance(target, str):
        return any(each.get("name") == target for _, each in named)
    return not named or any(each.get("containerPort") == target for _, each in named)


def _ports(stable: Document, like: Mapping[str, Any]) -> list[Port]:
    """The ports that containers name, of the protocol of one of a Service's."""
    wanted = like.get("protocol") or "TCP"
    return [
        (spot, each)
        for place, _ in containers(stable)
        for spot, each in stable.tables(*place, "ports")
        if (each.get("protocol") or "TCP") == wanted
    ]


def _first_port(stable: Document) -> Place:
    found = [spot for place, _ in containers(stable) for spot, _ in stable.tables(*place, "ports")]
    return found[0] if found else ("spec", "template", "spec", "containers")


def _port_label(port: Mapping[str, Any]) -> str:
    number = str(port.get("containerPort"))
    return f"{number} ({port['name']})" if port.get("name") else number


def moved_address(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """The port by which clients reach the live version, where this one takes it away.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    for before, after, gone in _lost_ports(live, made):
        if before is live.service and gone == _service_ports(before)[0]:
            yield after.fault(
                ("spec", "ports"),
                f"Service {after.name} has no port {gone.get('port')} any more, by which clients "
                f"reach {live.title}: they reach nobody as soon as it is applied",
                "keep the port, and add the new one beside it",
            )


def changed_ports(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """Ports that are called or numbered otherwise, and others of Services that are gone.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    for before, after, gone in _lost_ports(live, made):
        if not (before is live.service and gone == _service_ports(before)[0]):
            yield after.fault(
                ("spec", "ports"),
                f"Service {after.name} has no port {_of_service(gone)} any more, which it has in "
                f"{live.title}",
                "see that nobody asks it, or keep it",
            )
    yield from _renamed_ports(live, made)


def _renamed_ports(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    old = {_number(each): each for _, each in _all_ports(live.stable) if each.get("name")}
    names = {str(each["name"]): each for each in old.values()}
    for place, each in _all_ports(made.stable):
        name, before = str(each.get("name") or ""), old.get(_number(each))
        if not made.clear(made.stable, *place):
            continue
        if before and before["name"] != name:
            yield made.stable.fault(
                place,
                f"port {each.get('containerPort')} is called {name or 'nothing'}, and "
                f"{before['name']} in {live.title}",
                f"see that whatever names {before['name']}, as another Service, an Ingress or a "
                "NetworkPolicy may, names the new one too",
            )
        elif name in names and _number(names[name]) != _number(each):
            yield made.stable.fault(
                place,
                f"port {name} is {each.get('containerPort')}, and "
                f"{names[name].get('containerPort')} in {live.title}",
                "see that whatever names the number, as a NetworkPolicy or a monitor may, names "
                "both while both run",
            )


def _all_ports(stable: Document) -> list[Port]:
    return [port for place, _ in containers(stable) for port in stable.tables(*place, "ports")]


def _number(port: Mapping[str, Any]) -> tuple[str, str]:
    return str(port.get("containerPort")), str(port.get("protocol") or "TCP")


def _lost_ports(
    live: VersionObjects, made: VersionObjects
) -> Iterator[tuple[Document, Document, Mapping[str, Any]]]:
    """Each port that a Service has in the live version alone, with the Service in both."""
    for before in live.objects:
        after = made.find(owner_of(before))
        if before.kind != "Service" or after is None:
            continue
        kept = [_known_by(each) for each in _service_ports(after)]
        nodes = [each["nodePort"] for each in _service_ports(after) if each.get("nodePort")]
        for port in _service_ports(before):
            # Whoever comes by the nodes finds it as before.
            if _known_by(port) not in kept and port.get("nodePort") not in nodes:
                yield before, after, port


def _service_ports(service: Document) -> list[Mapping[str, Any]]:
    return [port for _, port in service.tables("spec", "ports")]


def _known_by(port: Mapping[str, Any]) -> tuple[Any, str]:
    return port.get("port"), str(port.get("protocol") or "TCP")


def _of_service(port: Mapping[str, Any]) -> str:
    return f"{port.get('port')} ({port['name']})" if port.get("name") else str(port.get("port"))
