"""Rules about the two Deployments: what they are called, select and keep available."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.preflight.subject import POD, Subject, Workload, matches, told

SELECTOR: Place = ("spec", "selector")
ROLLING: Place = ("spec", "strategy", "rollingUpdate")


def made(subject: Subject) -> Iterator[Fault]:
    """The template makes the Deployment that apply.sh is asked for."""
    for workload in subject.workloads.values():
        yield from _named(subject, workload)
        yield from _replicated(subject, workload)
        yield from _of_the_image(subject, workload)


def no_deployment(subject: Subject) -> Iterator[Fault]:
    """The template holds one Deployment, or one of the right name."""
    for track, template in subject.templates.items():
        if track in subject.workloads or template.parsed.broken:
            continue
        count = sum(each.kind == "Deployment" for each in template.parsed.documents)
        what = f"{count} Deployments, and none of them is {subject.settings.deployment_name(track)}"
        yield Fault(
            "no-deployment",
            subject.source,
            1,
            f"{subject.source.shown} has {what if count else 'no Deployment'}",
            f"let it have one, with name: ${subject.script.variable(2)}",
        )


def _named(subject: Subject, workload: Workload) -> Iterator[Fault]:
    given, deployment = workload.given, workload.deployment
    if deployment.name != given.deployment:
        yield deployment.fault(
            "wrong-name",
            ("metadata", "name"),
            f"the Deployment is called {deployment.name or 'nothing'}, not {given.deployment}, so "
            "canary and stable would be the same one",
            f"write name: ${subject.script.variable(2)}",
        )


def _replicated(subject: Subject, workload: Workload) -> Iterator[Fault]:
    given, deployment = workload.given, workload.deployment
    found = deployment.at("spec", "replicas")
    wrong = found is None or isinstance(found, int)
    if wrong and workload.replicas != given.replicas and not subject.script.editor:
        yield deployment.fault(
            "wrong-replicas",
            ("spec", "replicas"),
            f"{given.deployment} gets {workload.replicas} replicas, not the {given.replicas} that "
            f"{subject.script.name} is given",
            f"write replicas: ${subject.script.variable(3)}",
        )


def _of_the_image(subject: Subject, workload: Workload) -> Iterator[Fault]:
    given, deployment = workload.given, workload.deployment
    containers = list(workload.all_containers())
    if given.image in [container.get("image") for _, container in containers]:
        return
    if subject.script.editor:
        return
    place = (*containers[0][0], "image") if containers else (*POD, "containers")
    yield deployment.fault(
        "wrong-image",
        place,
        f"no container of {given.deployment} runs the image that {subject.script.name} is given",
        f"write image: ${subject.script.variable(4)}",
    )


def selectors(subject: Subject) -> Iterator[Fault]:
    """Each Deployment selects its own pods, and not the other's."""
    for track, workload in subject.workloads.items():
        deployment = workload.deployment
        selector = deployment.table(*SELECTOR)
        if not matches(selector, workload.labels):
            yield deployment.fault(
                "selector-misses-pods",
                SELECTOR,
                f"selector does not match template labels: its pods have {told(workload.labels)}",
                "give selector.matchLabels and template.metadata.labels the same labels",
            )
        for other_track, other in subject.workloads.items():
            if other_track != track and matches(selector, other.labels):
                yield deployment.fault(
                    "overlapping-selectors",
                    SELECTOR,
                    f"{workload.given.deployment} selects the pods of {other.given.deployment} "
                    f"too, by {told(selector.get('matchLabels') or {})}",
                    "give selector and template a label that differs, such as "
                    f"deployment: ${subject.script.variable(2)}",
                )


def available(subject: Subject) -> Iterator[Fault]:
    """A rollout of stable leaves a pod, and a budget lets one go."""
    stable = subject.workloads.get("stable")
    if stable is None:
        return
    yield from _strategy(stable)
    for document in subject.documents():
        if document.kind == "PodDisruptionBudget":
            yield from _budget(document, stable)


def _strategy(stable: Workload) -> Iterator[Fault]:
    deployment, replicas, name = stable.deployment, stable.replicas, stable.given.deployment
    if deployment.at("spec", "strategy", "type") == "Recreate":
        yield deployment.fault(
            "takes-last-pod",
            ("spec", "strategy", "type"),
            f"strategy Recreate stops every pod of {name} before a new one starts",
            "write type: RollingUpdate",
        )
        return
    surge = _count(deployment.at(*ROLLING, "maxSurge"), replicas, up=True)
    unavailable = _count(deployment.at(*ROLLING, "maxUnavailable"), replicas, up=False)
    if surge == 0 and unavailable == 0:
        # Otherwise nothing could move; Kubernetes takes one, then.
        unavailable = 1
    if unavailable is not None and unavailable >= replicas > 0:
        pods = f"all {replicas} pods" if replicas > 1 else "the only pod"
        fix = f"write maxUnavailable: {replicas - 1}" if replicas > 1 else "with maxSurge: 1"
        yield deployment.fault(
            "takes-last-pod",
            (*ROLLING, "maxUnavailable"),
            f"a rollout may take {pods} of {name} at once",
            fix if replicas > 1 else f"write maxUnavailable: 0, {fix}",
        )


def _budget(budget: Document, stable: Workload) -> Iterator[Fault]:
    if not matches(budget.table("spec", "selector"), stable.labels):
        return
    for key in ("minAvailable", "maxUnavailable"):
        value = budget.at("spec", key)
        count = _count(value, stable.replicas, up=True) if value is not None else None
        if count is None:
            continue
        blocks = count >= stable.replicas if key == "minAvailable" else count == 0
        if blocks:
            yield budget.fault(
                "blocking-budget",
                ("spec", key),
                f"PodDisruptionBudget {budget.name} lets none of the {stable.replicas} pods of "
                f"{stable.given.deployment} go, so its node can never be drained",
                "write maxUnavailable: 1",
            )


def _count(value: Any, replicas: int, *, up: bool) -> int | None:
    """How many pods a number or a percentage is; a strategy's default is 25 %."""
    text = "25%" if value is None else str(value)
    if text.endswith("%") and text[:-1].isdigit():
        part = int(text[:-1]) * replicas / 100
        return math.ceil(part) if up else math.floor(part)
    return int(text) if text.isdigit() else None
