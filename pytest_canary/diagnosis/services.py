"""A Service that can't send anything to the pods it is there for."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.subject import Look
from pytest_canary.k8s.objects import Object, endpoints, is_ready


def find(look: Look) -> Iterator[Finding]:
    """What is wrong between the Service and the Deployment's template."""
    name = look.expected.service
    service = look.objects.snapshot.services.get(name or "")
    if service is None:
        if name and look.objects.snapshot.services:
            yield Finding(
                "ServiceMissing",
                f"there is no Service {name}",
                where=f"Service {name}",
                next="see that its manifest was applied, and how it is named there",
                doomed=False,
            )
        return
    selector = service["spec"].get("selector") or {}
    if not selector:
        return  # its endpoints are somebody else's matter
    # Before the pods are ready, what keeps them from it matters more.
    ready = any(is_ready(pod) for pod in look.pods)
    labels = look.deployment["spec"]["template"].get("metadata", {}).get("labels") or {}
    wrong = {key: value for key, value in selector.items() if labels.get(key) != value}
    where = f"Service {service['metadata']['name']}, Deployment {look.name}"
    if wrong:
        wants = ", ".join(f"{key}={value}" for key, value in sorted(wrong.items()))
        have = ", ".join(f"{key}={labels[key]}" for key in sorted(wrong) if key in labels)
        yield Finding(
            "ServiceSelector",
            f"Service {service['metadata']['name']} selects no pod of {look.name}: it selects "
            f"{wants}, and they have {have or 'no such label'}",
            where=where,
            next="mend spec.selector of the Service, or the labels of the template",
            doomed=ready,
        )
        return
    wrong_ports = [
        finding
        for port in service["spec"].get("ports") or []
        for finding in _port(look, service, port, where, ready=ready)
    ]
    yield from wrong_ports or _unreached_pods(look, service, where)


def _unreached_pods(look: Look, service: Object, where: str) -> Iterator[Finding]:
    """Ready pods that the Service sends nothing to; its controller follows a moment later."""
    if not look.objects.snapshot.endpoint_slices:
        return
    name = service["metadata"]["name"]
    reached = endpoints(look.objects.snapshot.endpoint_slices.values(), name)
    ready = [pod["metadata"]["name"] for pod in look.pods if is_ready(pod)]
    left = [pod for pod in ready if pod not in reached]
    if left:
        yield Finding(
            "ServiceEndpoints",
            f"Service {name} sends nothing yet to {len(left)} of {len(ready)} ready pods of "
            f"{look.name}",
            where=where,
            seen=", ".join(left),
            next=f"kubectl get endpointslices -l kubernetes.io/service-name={name}",
            doomed=False,
        )


def _port(
    look: Look, service: Object, port: Object, where: str, *, ready: bool
) -> Iterator[Finding]:
    target = port.get("targetPort", port["port"])
    named = [
        each
        for container in look.deployment["spec"]["template"]["spec"]["containers"]
        for each in container.get("ports") or []
    ]
    known = [each.get("name") for each in named]
    known += [each["containerPort"] for each in named]
    if target in known or (isinstance(target, int) and not named):
        return
    there = ", ".join(
        f"{each['containerPort']} ({each['name']})"
        if each.get("name")
        else f"{each['containerPort']}"
        for each in named
    )
    yield Finding(
        "ServicePort",
        f"Service {service['metadata']['name']} sends to port {target}, which no container of "
        f"{look.name} names",
        where=where,
        likely=f"they name {there}" if there else "they name none",
        next="mend targetPort of the Service, or the ports of the container",
        # A port need not be named to be listened on, unless it is looked up by its name.
        doomed=ready and isinstance(target, str),
    )
