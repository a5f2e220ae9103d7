"""Rules about the pods: their probes, their images and what they request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pytest_canary.manifests.documents import Document, Fault, Place, shown
from pytest_canary.preflight.subject import POD, Subject, Workload, amount, hint

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")

# What kubeadm's own pods request on a first node: the control plane, etcd and two of CoreDNS.
SYSTEM = {"cpu": Decimal("0.85"), "memory": Decimal(240 * 2**20)}


def probes(subject: Subject) -> Iterator[Fault]:
    """What gets traffic says when it is ready; probes ask something that is there."""
    for workload in subject.workloads.values():
        ours = [
            (place, container)
            for place, container in workload.containers()
            if container.get("image") == workload.given.image
        ] or list(workload.containers())
        if ours and not any(container.get("readinessProbe") for _, container in ours):
            place, container = ours[0]
            yield workload.deployment.fault(
                "no-readiness-probe",
                place,
                f"container {container.get('name')} has no readinessProbe, so it gets traffic as "
                "soon as its process runs",
                f"give {shown(place)} a readinessProbe that asks whether it can serve",
            )
        for place, container in workload.all_containers():
            for probe in PROBES:
                if isinstance(container.get(probe), dict):
                    yield from _probe(workload, place, container, probe)


def _probe(
    workload: Workload, place: Place, container: Mapping[str, Any], name: str
) -> Iterator[Fault]:
    probe = container[name]
    where = (*place, name)
    handlers = [handler for handler in HANDLERS if probe.get(handler) is not None]
    if len(handlers) != 1:
        what = "nothing" if not handlers else " and ".join(handlers)
        yield workload.deployment.fault(
            "empty-probe",
            where,
            f"{name} of container {container.get('name')} asks {what}",
            f"give it one of {', '.join(HANDLERS)}",
        )
        return
    handler = handlers[0]
    port = probe[handler].get("port") if isinstance(probe[handler], dict) else None
    words = [str(each["name"]) for each in workload.ports(place) if each.get("name")]
    if isinstance(port, str) and port not in words:
        sentence = f"{name} asks port {port}, which container {container.get('name')} does not have"
        fix = hint(port, words, "name the port, or write its number")
        yield workload.deployment.fault("no-probe-port", (*where, handler, "port"), sentence, fix)


def pull_policies(subject: Subject) -> Iterator[Fault]:
    """Where the image is loaded, it is not pulled; where it is pushed, it is."""
    for workload in subject.workloads.values():
        for place, container in workload.all_containers():
            ours = container.get("image") == workload.given.image
            policy = container.get("imagePullPolicy")
            wrong = ""
            if subject.kind_cluster and ours and policy == "Always":
                wrong = "asks a registry for the image, which is only loaded into the kind node"
                fix = "write imagePullPolicy: IfNotPresent"
            elif policy == "Never" and not ours:
                wrong = f"is never pulled, and nothing loads {container.get('image')} into a node"
                fix = "write imagePullPolicy: IfNotPresent"
            elif policy == "Never" and not subject.kind_cluster:
                wrong = "is never pulled, and the image is in a registry only"
                fix = "write imagePullPolicy: IfNotPresent"
            if wrong:
                sentence = f"container {container.get('name')} {wrong}"
                spot = (*place, "imagePullPolicy")
                yield workload.deployment.fault("pull-policy", spot, sentence, fix)


def fixed_images(subject: Subject) -> Iterator[Fault]:
    """An image that stands in the template stands for one content."""
    for workload in subject.workloads.values():
        for place, container in workload.all_containers():
            image = container.get("image")
            if not isinstance(image, str) or image == workload.given.image or "@" in image:
                continue
            tag = image.rpartition("/")[2].partition(":")[2]
            if tag in ("", "latest"):
                yield workload.deployment.fault(
                    "latest-image",
                    (*place, "image"),
                    f"container {container.get('name')} runs {image}, which may be another image "
                    "tomorrow",
                    "write a tag that stays, or a digest",
                )


# Requests.


def requests(subject: Subject) -> Iterator[Fault]:
    """The node has what canary and stable request together."""
    for workload in subject.workloads.values():
        for place, container in workload.all_containers():
            yield from _limited(workload.deployment, place, container)
    if subject.node is None or len(subject.workloads) < 2:
        return
    node = {"cpu": Decimal(subject.node.cpus or 0), "memory": Decimal(subject.node.memory or 0)}
    asked = {track: pod_requests(each.deployment) for track, each in subject.workloads.items()}
    for resource in {name: None for each in asked.values() for name in each}:
        if resource in node:
            if node[resource]:
                yield from _beyond(subject, resource, asked, node[resource])
        elif resource != "ephemeral-storage" and any(each[resource] for each in asked.values()):
            yield _fault(
                subject,
                resource,
                f"the pods request {resource}, which a kind node does not have",
                "leave it out of what is rehearsed, or use --canary-context",
            )


def _beyond(
    subject: Subject, resource: str, asked: Mapping[str, Mapping[str, Decimal]], has: Decimal
) -> Iterator[Fault]:
    free = has - SYSTEM[resource]
    replicas = {track: each.replicas for track, each in subject.workloads.items()}
    one = max(each.get(resource, Decimal(0)) for each in asked.values())
    whole = sum(
        (asked[track].get(resource, Decimal(0)) * count for track, count in replicas.items()),
        Decimal(0),
    )
    if whole <= free:
        return
    pods = sum(replicas.values())
    asks = (
        f"a pod requests {said(resource, one)}"
        if one > has
        else f"the {pods} pods of canary and stable request {said(resource, whole)}"
    )
    fix = f"request at most {said(resource, free / pods)} for a pod" if free > 0 else "use another"
    yield _fault(
        subject,
        resource,
        f"{asks} of {resource}, and the node has {said(resource, has)}, of which Kubernetes "
        f"itself requests {said(resource, SYSTEM[resource])}",
        fix,
    )


def _fault(subject: Subject, resource: str, sentence: str, fix: str) -> Fault:
    deployment = subject.workloads["stable"].deployment
    place: Place = (*POD, "containers")
    for where, container in subject.workloads["stable"].all_containers():
        resources = container.get("resources")
        for kind in ("requests", "limits") if isinstance(resources, dict) else ():
            if resource in deployment.table(*where, "resources", kind):
                return deployment.fault(
                    "request-beyond-node", (*where, "resources", kind, resource), sentence, fix
                )
    return deployment.fault("request-beyond-node", place, sentence, fix)


def _limited(deployment: Document, place: Place, container: Mapping[str, Any]) -> Iterator[Fault]:
    limits = deployment.table(*place, "resources", "limits")
    for resource, value in deployment.table(*place, "resources", "requests").items():
        wanted, limit = amount(value), amount(limits.get(resource))
        if wanted is not None and limit is not None and wanted > limit:
            yield deployment.fault(
                "request-above-limit",
                (*place, "resources", "requests", resource),
                f"container {container.get('name')} requests {value} of {resource}, which is above "
                f"its limit of {limits[resource]}",
                "raise the limit, or lower the request",
            )


def pod_requests(deployment: Document) -> dict[str, Decimal]:
    """What the scheduler looks for a place for: one pod's requests, by resource.

    The sum of the containers, or the largest of those that come before them; a limit is a request
    where there is no other; what the pod itself says comes before what its containers do.
    """
    whole: dict[str, Decimal] = {}
    for place, _ in deployment.tables(*POD, "containers"):
        for resource, value in _requests(deployment, place).items():
            whole[resource] = whole.get(resource, Decimal(0)) + value
    before: dict[str, Decimal] = {}
    beside: dict[str, Decimal] = {}
    for place, container in deployment.tables(*POD, "initContainers"):
        for resource, value in _requests(deployment, place).items():
            running = beside.get(resource, Decimal(0)) + value
            if container.get("restartPolicy") == "Always":
                beside[resource] = running
            before[resource] = max(before.get(resource, Decimal(0)), running)
    for resource in {*before, *beside}:
        together = whole.get(resource, Decimal(0)) + beside.get(resource, Decimal(0))
        whole[resource] = max(together, before.get(resource, Decimal(0)))
    return whole | _requests(deployment, POD)


def _requests(deployment: Document, place: Place) -> dict[str, Decimal]:
    limits = deployment.table(*place, "resources", "limits")
    wanted = limits | deployment.table(*place, "resources", "requests")
    amounts = {resource: amount(value) for resource, value in wanted.items()}
    return {resource: value for resource, value in amounts.items() if value is not None}


def said(resource: str, value: Decimal) -> str:
    """An amount as a manifest has it, rounded down: "280m", "96Mi"."""
    if resource == "memory":
        return f"{int(value / 2**20)}Mi"
    return f"{int(value)}" if value == int(value) else f"{int(value * 1000)}m"
