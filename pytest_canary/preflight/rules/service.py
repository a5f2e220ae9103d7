"""Rules about the Service: whom it selects, on which port, and how it is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_canary.core.wording import suggestion
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.preflight.groups import ADDRESS, SERVICE, TARGET_PORT
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject, describe


@rule(
    "no-service",
    "no Service of the expected name",
    SERVICE,
    advice="call the Service `NAME-lb`, or set `name`; without a script, let one select the "
    "Deployment's pods",
)
def no_service(subject: Subject) -> Iterator[Fault]:
    """There is a Service of the name that is looked for."""
    if subject.applied.broken or subject.service():
        return
    name = subject.settings.service_name
    others = [each for each in subject.applied.documents if each.kind == "Service"]
    sentence = f"{subject.service_file.shown} makes no Service {name}"
    if not subject.scripted:
        labels = [workload.labels for workload in subject.workloads.values()]
        # Which Service is meant, the Deployment tells.
        if labels:
            sentence = f"{subject.service_file.shown} has no Service in front of the Deployment"
            common = _common(labels)
            wanted = describe(common) if common else "a label that its pods are given"
            if len(others) == 1 and others[0].table("spec", "selector"):
                selector = others[0].table("spec", "selector")
                yield others[0].fault(
                    ("spec", "selector"),
                    f"{sentence}: {others[0].name} selects {describe(selector)}",
                    f"let it select {wanted}",
                )
                return
            yield Fault(subject.service_file, 1, sentence, f"write one that selects {wanted}")
        return
    if others:
        near = f"call it {name}, or set name in the settings so that it is NAME-lb"
        yield others[0].fault(("metadata", "name"), sentence, near)
        return
    yield Fault(subject.service_file, 1, sentence, "put it there")


@rule(
    "no-selector",
    "a Service that selects nothing",
    SERVICE,
    advice="select by a label that the pods of both Deployments have",
)
def no_selector(subject: Subject) -> Iterator[Fault]:
    """It has a selector."""
    service = _selecting_service(subject)
    if service and not service.at("spec", "selector"):
        sentence = f"Service {service.name} has no selector, so it sends connections nowhere"
        yield service.fault(("spec",), sentence, _better_selector(subject))


@rule(
    "selects-no-pod",
    "a Service that does not select the pods of both Deployments",
    SERVICE,
    advice="select by a label that the pods of both Deployments have",
)
def selects_no_pod(subject: Subject) -> Iterator[Fault]:
    """It selects the pods of both Deployments."""
    service = _selecting_service(subject)
    if service is None:
        return
    selector = service.table("spec", "selector")
    for workload in subject.workloads.values():
        if any(workload.labels.get(key) != value for key, value in selector.items()):
            yield service.fault(
                ("spec", "selector"),
                f"Service {service.name} selects no pod of {workload.given.deployment}: it looks "
                f"for {describe(selector)}, and they have {describe(workload.labels)}",
                _better_selector(subject),
            )


def _selecting_service(subject: Subject) -> Document | None:
    """The Service, where it is one that selects pods."""
    service = subject.service()
    return service if service and service.at("spec", "type") != "ExternalName" else None


# Labels that a chart's own version, or Helm, stands in: the next version's pods have others.
CHANGING = ("helm.sh/chart", "app.kubernetes.io/version", "app.kubernetes.io/managed-by")


def _better_selector(subject: Subject) -> str:
    common = _common([workload.labels for workload in subject.workloads.values()])
    common = {key: value for key, value in common.items() if key not in CHANGING}
    fix = "give both a label of their own, such as app: NAME, and select by it"
    return f"select by what both have: {describe(common)}" if common else fix


def _common(labels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The labels that all have."""
    return {
        key: value
        for key, value in (labels[0] if labels else {}).items()
        if all(each.get(key) == value for each in labels)
    }


@rule(
    "unreachable-service",
    "a Service that has no address outside the cluster",
    ADDRESS,
    advice="make it a LoadBalancer",
)
def unreachable_service(subject: Subject) -> Iterator[Fault]:
    """It has an address outside the cluster."""
    service = subject.service()
    if service is None:
        return
    kind = service.at("spec", "type") or "ClusterIP"
    # In a cluster that is there already, the API server leads to it.
    if kind == "ExternalName" or (kind == "ClusterIP" and subject.kind_cluster):
        yield service.fault(
            ("spec", "type"),
            f"Service {service.name} is of type {kind}, which can't be reached from outside",
            "make it a LoadBalancer",
        )


@rule(
    "session-affinity",
    "a Service that does not share connections by numbers of pods",
    ADDRESS,
    level="warning",
    advice="leave `sessionAffinity` out",
)
def session_affinity(subject: Subject) -> Iterator[Fault]:
    """It shares connections by numbers of pods."""
    service = subject.service()
    if service is None:
        return
    if service.at("spec", "sessionAffinity") == "ClientIP":
        yield service.fault(
            ("spec", "sessionAffinity"),
            f"Service {service.name} sends a client to the same pod every time, so the canary "
            "gets all of its connections or none",
            "leave sessionAffinity out",
        )


@rule(
    "no-target-port",
    "a Service whose target port no container has",
    TARGET_PORT,
    advice="give the container's port that name, or write the name that it has",
)
def no_target_port(subject: Subject) -> Iterator[Fault]:
    """A target port that has a name is a port of a container."""
    for target in _targets(subject):
        words = target.words
        if isinstance(target.port, str) and target.port not in words:
            yield target.service.fault(
                target.place,
                f"no container of {target.of} has a {target.protocol} port called {target.port}",
                suggestion(target.port, words, "give the container's port that name"),
            )


@rule(
    "unnamed-target-port",
    "a Service whose target port no container names, where they name others",
    TARGET_PORT,
    level="warning",
    advice="write the port's name in `targetPort`, or name the port among the container's",
)
def unnamed_target_port(subject: Subject) -> Iterator[Fault]:
    """A target port that is a number is named by a container, if it names any."""
    for target in _targets(subject):
        numbers = [each.get("containerPort") for each in target.named]
        # A container may listen on a port that it doesn't name.
        if isinstance(target.port, int) and numbers and target.port not in numbers:
            listed = ", ".join(str(each) for each in dict.fromkeys(numbers))
            first = next(iter(target.words), numbers[0])
            yield target.service.fault(
                target.place,
                f"no container of {target.of} names {target.protocol} port {target.port}; they "
                f"name {listed}",
                f"write targetPort: {first}; or name {target.port} among the container's ports",
            )


@dataclass(frozen=True)
class _Target:
    service: Document
    place: Place
    port: Any
    protocol: str
    of: str  # the Deployment
    named: Sequence[Mapping[str, Any]]  # its containers' ports of this protocol

    @property
    def words(self) -> list[str]:
        """What they are called."""
        return [str(each["name"]) for each in self.named if each.get("name")]


def _targets(subject: Subject) -> Iterator[_Target]:
    """Where each port of the Service leads to in each Deployment."""
    service = _selecting_service(subject)
    if service is None:
        return
    for place, port in service.tables("spec", "ports"):
        protocol = port.get("protocol") or "TCP"
        key = "targetPort" if "targetPort" in port else "port"
        for workload in subject.workloads.values():
            ports = [each for where, _ in workload.containers() for each in workload.ports(where)]
            named = [each for each in ports if (each.get("protocol") or "TCP") == protocol]
            whose = workload.given.deployment
            yield _Target(service, (*place, key), port.get(key), protocol, whose, named)
