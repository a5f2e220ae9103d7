"""Rules about what a rollout and a drained node leave of stable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pytest_canary.k8s.selectors import matches
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.manifests.version import STABLE
from pytest_canary.preflight.groups import AVAILABILITY
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject, Workload

ROLLING: Place = ("spec", "strategy", "rollingUpdate")


@rule("takes-last-pod", "a strategy that takes the last pod of a rollout", AVAILABILITY)
def takes_last_pod(subject: Subject) -> Iterator[Fault]:
    """A rollout of stable leaves a pod."""
    stable = subject.workloads.get(STABLE)
    if stable is None:
        return
    deployment, replicas, name = stable.deployment, stable.replicas, stable.given.deployment
    if deployment.at("spec", "strategy", "type") == "Recreate":
        yield deployment.fault(
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
            (*ROLLING, "maxUnavailable"),
            f"a rollout may take {pods} of {name} at once",
            fix if replicas > 1 else f"write maxUnavailable: 0, {fix}",
        )


@rule("blocking-budget", "a PodDisruptionBudget that allows no pod to go", AVAILABILITY)
def blocking_budget(subject: Subject) -> Iterator[Fault]:
    """A budget lets one of stable's pods go."""
    stable = subject.workloads.get(STABLE)
    if stable is None:
        return
    for document in subject.documents():
        if document.kind == "PodDisruptionBudget":
            yield from _budget(document, stable)


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
