"""Rules about what the pods request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pytest_canary.core.wording import plural
from pytest_canary.database.deployment import CPU_REQUEST
from pytest_canary.k8s.quantities import as_written, quantity, quantity_or_none, requests
from pytest_canary.k8s.strategy import most_unavailable
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.manifests.pods import POD
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.preflight.groups import REQUESTS
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject

# What kubeadm's own pods request on a first node: the control plane, etcd and two of CoreDNS.
SYSTEM = {"cpu": Decimal("0.85"), "memory": Decimal(240 * 2**20)}


@rule(
    "request-above-limit",
    "a request that is above its own limit",
    REQUESTS,
    advice="raise the limit, or lower the request",
)
def request_above_limit(subject: Subject) -> Iterator[Fault]:
    """No request is above its own limit."""
    for workload in subject.pods():
        for place, container in workload.all_containers():
            yield from _requests_above_limits(workload.deployment, place, container)


@rule(
    "request-beyond-node",
    "requests that the node does not have",
    REQUESTS,
    advice="request less, rehearse on a larger machine, or use `--canary-context`",
)
def request_beyond_node(subject: Subject) -> Iterator[Fault]:
    """The node has what canary and stable request together."""
    if subject.node is None or not subject.complete:
        return
    node = {"cpu": Decimal(subject.node.cpus or 0), "memory": Decimal(subject.node.memory or 0)}
    asked = {
        track: requests(each.deployment.table("spec", "template"))
        for track, each in subject.workloads.items()
    }
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


@rule(
    "request-beyond-both",
    "requests of both versions that the node has not together",
    REQUESTS,
    advice="request less, or let `maxUnavailable` be 1 where a rollout needs the room of one more "
    "pod",
)
def request_beyond_both(subject: Subject) -> Iterator[Fault]:
    """The node has what both versions request while both run."""
    if subject.node is None or subject.live is None or not subject.complete:
        return
    if any(request_beyond_node.search(subject)):
        return  # then not even this version fits
    old = requests(subject.live.stable.table("spec", "template"))
    new = requests(subject.workloads[STABLE].deployment.table("spec", "template"))
    for resource, has in (("cpu", subject.node.cpus), ("memory", subject.node.memory)):
        asked, pods = _at_most(subject, *(each.get(resource, Decimal(0)) for each in (old, new)))
        taken, by = _requests_of_others(subject, resource)
        if has and asked > has - taken:
            yield _fault(
                subject,
                resource,
                f"{pods} request {as_written(resource, asked)} of {resource} together, and the "
                f"node has {as_written(resource, Decimal(has))}, of which Kubernetes {by} "
                f"{as_written(resource, taken)}",
                "request less, or let maxUnavailable be 1 where a rollout needs the room of one "
                "more",
            )


def _at_most(subject: Subject, old: Decimal, new: Decimal) -> tuple[Decimal, str]:
    """What has to fit at once for the walk to go on, by the pods that request it.

    The canary comes while all of stable runs. A rollout that may not be a pod short then needs one
    more before it takes the first, and has the last of the old beside all of the new.
    """
    stable = subject.workloads[STABLE]
    live = subject.live.title if subject.live else ""
    count = stable.replicas
    beside = subject.workloads[CANARY].replicas if CANARY in subject.workloads else 0
    steps = [(count, beside)]
    if most_unavailable(stable.deployment.table("spec", "strategy"), count) == 0:
        steps += [(count, beside + 1), (1, beside + count)]
    asked, (olds, news) = max((olds * old + news * new, (olds, news)) for olds, news in steps)
    return asked, f"{plural(olds, 'pod')} of {live} and {news} of this version"


def _requests_of_others(subject: Subject, resource: str) -> tuple[Decimal, str]:
    """What others than the release request of the node, and who, as words that go before it."""
    if resource == "cpu" and subject.settings.database.image != "none":
        return SYSTEM[resource] + quantity(CPU_REQUEST), "and the database request"
    return SYSTEM[resource], "itself requests"


def _beyond(
    subject: Subject, resource: str, asked: Mapping[str, Mapping[str, Decimal]], has: Decimal
) -> Iterator[Fault]:
    taken, by = _requests_of_others(subject, resource)
    free = has - taken
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
        f"a pod requests {as_written(resource, one)}"
        if one > has
        else f"the {pods} pods of {' and '.join(replicas)} request {as_written(resource, whole)}"
    )
    most = f"request at most {as_written(resource, free / pods)} for a pod"
    yield _fault(
        subject,
        resource,
        f"{asks} of {resource}, and the node has {as_written(resource, has)}, of which Kubernetes "
        f"{by} {as_written(resource, taken)}",
        most if free > 0 else "use another",
    )


def _fault(subject: Subject, resource: str, sentence: str, fix: str) -> Fault:
    deployment = subject.workloads[STABLE].deployment
    for where, container in subject.workloads[STABLE].all_containers():
        resources = container.get("resources")
        for kind in ("requests", "limits") if isinstance(resources, dict) else ():
            if resource in deployment.table(*where, "resources", kind):
                place = (*where, "resources", kind, resource)
                return deployment.fault(place, sentence, fix)
    return deployment.fault((*POD, "containers"), sentence, fix)


def _requests_above_limits(
    deployment: Document, place: Place, container: Mapping[str, Any]
) -> Iterator[Fault]:
    limits = deployment.table(*place, "resources", "limits")
    for resource, value in deployment.table(*place, "resources", "requests").items():
        wanted, limit = quantity_or_none(value), quantity_or_none(limits.get(resource))
        if wanted is not None and limit is not None and wanted > limit:
            yield deployment.fault(
                (*place, "resources", "requests", resource),
                f"container {container.get('name')} requests {value} of {resource}, which is above "
                f"its limit of {limits[resource]}",
                "raise the limit, or lower the request",
            )
