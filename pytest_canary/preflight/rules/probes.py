"""Rules about the containers' probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_canary.core.wording import suggestion
from pytest_canary.manifests.documents import Fault, Place, place_text
from pytest_canary.preflight.groups import PROBES
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject, Workload

KINDS = ("startupProbe", "readinessProbe", "livenessProbe")
HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")


@rule(
    "no-readiness-probe",
    "a container that gets traffic before it is ready",
    PROBES,
    level="warning",
    advice="give the container a `readinessProbe` that asks whether it can serve",
)
def no_readiness_probe(subject: Subject) -> Iterator[Fault]:
    """What gets traffic says when it is ready."""
    for workload in subject.workloads.values():
        ours = [
            (place, container)
            for place, container in workload.containers()
            if container.get("image") == workload.given.image
        ] or list(workload.containers())
        if ours and not any(container.get("readinessProbe") for _, container in ours):
            place, container = ours[0]
            yield workload.deployment.fault(
                place,
                f"container {container.get('name')} has no readinessProbe, so it gets traffic as "
                "soon as its process runs",
                f"give {place_text(place)} a readinessProbe that asks whether it can serve",
            )


@rule(
    "empty-probe",
    "a probe that asks nothing",
    PROBES,
    advice="give it one of `httpGet`, `tcpSocket`, `exec` and `grpc`",
)
def empty_probe(subject: Subject) -> Iterator[Fault]:
    """Every probe asks one thing."""
    for workload in subject.workloads.values():
        for probe in _probes(workload):
            if len(probe.handlers) != 1:
                yield workload.deployment.fault(
                    (*probe.place, probe.name),
                    f"{probe.name} of container {probe.container} asks "
                    f"{' and '.join(probe.handlers) or 'nothing'}",
                    f"give it one of {', '.join(HANDLERS)}",
                )


@rule(
    "no-probe-port",
    "a probe of a port that the container does not have",
    PROBES,
    advice="name the container's port, or write its number",
)
def no_probe_port(subject: Subject) -> Iterator[Fault]:
    """A probe asks a port that is there."""
    for workload in subject.workloads.values():
        for probe in _probes(workload):
            if len(probe.handlers) != 1:
                continue
            ((handler, action),) = probe.handlers.items()
            port = action.get("port") if isinstance(action, dict) else None
            words = [str(each["name"]) for each in workload.ports(probe.place) if each.get("name")]
            if isinstance(port, str) and port not in words:
                yield workload.deployment.fault(
                    (*probe.place, probe.name, handler, "port"),
                    f"{probe.name} asks port {port}, which container {probe.container} does not "
                    "have",
                    suggestion(port, words, "name the port, or write its number"),
                )


@dataclass(frozen=True)
class _Probe:
    name: str
    container: str
    place: Place  # of the container
    handlers: Mapping[str, Any]


def _probes(workload: Workload) -> Iterator[_Probe]:
    for place, container in workload.all_containers():
        for name in KINDS:
            probe = container.get(name)
            if isinstance(probe, dict):
                asks = {each: probe[each] for each in HANDLERS if probe.get(each) is not None}
                yield _Probe(name, str(container.get("name")), place, asks)
