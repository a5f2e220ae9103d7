"""Rules about fields that are right one by one, and that Kubernetes refuses together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.manifests.documents import Document, Fault, Place, place_text
from pytest_canary.manifests.pods import POD_OF
from pytest_canary.preflight.groups import SCHEMA
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject

# What an init container has none of, unless it runs on as a sidecar.
AFTERWARDS = ("readinessProbe", "livenessProbe", "startupProbe", "lifecycle")


@rule(
    "conflicting-fields",
    "fields that Kubernetes does not take together",
    SCHEMA,
    advice="keep one of those that are named, or let them agree",
)
def conflicting_fields(subject: Subject) -> Iterator[Fault]:
    """No field makes another one impossible."""
    for document in subject.documents():
        if not subject.schema.knows(document):
            continue
        if document.kind in POD_OF:
            yield from _of_pod(document, POD_OF[document.kind])
        if document.kind == "Deployment":
            yield from _of_strategy(document)
        if document.kind == "PodDisruptionBudget":
            both = _set(document.table("spec"), "minAvailable", "maxUnavailable")
            yield from _one_alone(document, ("spec",), both, "spec")
        if document.kind == "HorizontalPodAutoscaler":
            yield from _of_scaling(document)
        if document.kind == "Service":
            yield from _of_ports(document)


def _of_pod(document: Document, pod: Place) -> Iterator[Fault]:
    for place, volume in document.tables(*pod, "volumes"):
        sources = _set(volume, *(str(each) for each in volume if each != "name"))
        yield from _one_alone(document, place, sources, f"volume {volume.get('name')}")
    firsts = [*document.tables(*pod, "initContainers")]
    names = [each.get("name") for _, each in firsts]
    for place, container in firsts:
        yield from _of_init_container(document, place, container)
    for place, container in document.tables(*pod, "containers"):
        yield from _of_container(document, place, container)
        if container.get("name") in names:
            yield document.fault(
                (*place, "name"),
                f"an init container of the pod is called {container['name']} too",
                "give one of them another name",
            )


def _of_init_container(
    document: Document, place: Place, container: Mapping[str, Any]
) -> Iterator[Fault]:
    yield from _of_container(document, place, container)
    if container.get("restartPolicy") != "Always":
        for each in _set(container, *AFTERWARDS):
            yield document.fault(
                (*place, each),
                f"init container {container.get('name')} has a {each}, and ends before anybody "
                "could ask it",
                "take it out; or write restartPolicy: Always, where it is to run on as a sidecar",
            )


def _of_container(
    document: Document, place: Place, container: Mapping[str, Any]
) -> Iterator[Fault]:
    for where, entry in document.tables(*place, "env"):
        both = [each for each in ("value", "valueFrom") if entry.get(each)]
        yield from _one_alone(document, where, both, f"variable {entry.get('name')}")
    for hook in ("postStart", "preStop"):
        handlers = [str(each) for each in document.table(*place, "lifecycle", hook)]
        at = (*place, "lifecycle", hook)
        yield from _one_alone(document, at, _set(document.table(*at), *handlers), hook)
    for name in ("livenessProbe", "startupProbe"):
        found = document.at(*place, name, "successThreshold")
        if type(found) is int and found > 1:
            yield document.fault(
                (*place, name, "successThreshold"),
                f"{name} of container {container.get('name')} has a successThreshold of {found}, "
                "and only a readinessProbe can have more than 1",
                "take it out",
            )


def _of_strategy(document: Document) -> Iterator[Fault]:
    place: Place = ("spec", "strategy")
    rolling = document.at(*place, "rollingUpdate")
    if document.at(*place, "type") == "Recreate" and rolling is not None:
        yield document.fault(
            (*place, "rollingUpdate"),
            "strategy Recreate has no rollingUpdate",
            "take it out, or write type: RollingUpdate",
        )
    elif isinstance(rolling, dict) and all(
        str(rolling.get(each)) in ("0", "0%") for each in ("maxSurge", "maxUnavailable")
    ):
        yield document.fault(
            (*place, "rollingUpdate"),
            "with maxSurge and maxUnavailable both 0, a rollout could neither add nor take a pod",
            "let one of them be 1",
        )

    ready = document.at("spec", "minReadySeconds")
    deadline = document.at("spec", "progressDeadlineSeconds")
    patience = 600 if deadline is None else deadline
    if type(ready) is int and type(patience) is int and ready >= patience:
        yield document.fault(
            ("spec", "minReadySeconds"),
            f"minReadySeconds is {ready}, which is not below progressDeadlineSeconds, {patience}"
            + (" where none is set" if deadline is None else ""),
            "lower the one, or raise the other",
        )


def _of_ports(document: Document) -> Iterator[Fault]:
    ports = [*document.tables("spec", "ports")]
    for place, port in ports:
        if len(ports) > 1 and not port.get("name"):
            yield document.fault(
                place,
                f"Service {document.name} has {len(ports)} ports, and this one has no name",
                "give each of them a name of its own",
            )


def _of_scaling(document: Document) -> Iterator[Fault]:
    least, most = document.at("spec", "minReplicas"), document.at("spec", "maxReplicas")
    if type(least) is int and type(most) is int and least > most:
        yield document.fault(
            ("spec", "minReplicas"),
            f"minReplicas is {least}, which is above maxReplicas, {most}",
            "lower the one, or raise the other",
        )


def _set(table: Mapping[str, Any], *names: str) -> list[str]:
    """Those of some fields that are there; null is none."""
    return [each for each in names if table.get(each) is not None]


def _one_alone(document: Document, place: Place, found: list[str], what: str) -> Iterator[Fault]:
    if len(found) > 1:
        listed = f"{', '.join(found[:-1])} and {found[-1]}"
        yield document.fault(
            (*place, found[-1]),
            f"{what} has {listed}, of which Kubernetes takes one alone",
            f"keep one of them in {place_text(place)}",
        )
