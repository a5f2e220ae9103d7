"""Rules about what a rollout and a drained node leave of stable."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.k8s.selectors import matches
from pytest_canary.k8s.strategy import most_unavailable, scale
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.manifests.version import STABLE
from pytest_canary.preflight.groups import AVAILABILITY
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject, Workload

STRATEGY: Place = ("spec", "strategy")


@rule(
    "takes-last-pod",
    "a strategy that takes the last pod of a rollout",
    AVAILABILITY,
    level="warning",
    advice="write `type: RollingUpdate`, with a lower `maxUnavailable`; for one replica 0, "
    "with `maxSurge: 1`",
)
def takes_last_pod(subject: Subject) -> Iterator[Fault]:
    """A rollout of stable leaves a pod."""
    stable = subject.workloads.get(STABLE)
    if stable is None:
        return
    deployment, replicas, name = stable.deployment, stable.replicas, stable.given.deployment
    if deployment.at(*STRATEGY, "type") == "Recreate":
        yield deployment.fault(
            (*STRATEGY, "type"),
            f"strategy Recreate stops every pod of {name} before a new one starts",
            "write type: RollingUpdate",
        )
        return
    unavailable = most_unavailable(deployment.table(*STRATEGY), replicas)
    if unavailable is not None and unavailable >= replicas > 0:
        pods = f"all {replicas} pods" if replicas > 1 else "the only pod"
        fix = f"write maxUnavailable: {replicas - 1}" if replicas > 1 else "with maxSurge: 1"
        yield deployment.fault(
            (*STRATEGY, "rollingUpdate", "maxUnavailable"),
            f"a rollout may take {pods} of {name} at once",
            fix if replicas > 1 else f"write maxUnavailable: 0, {fix}",
        )


@rule(
    "blocking-budget",
    "a PodDisruptionBudget that allows no pod to go",
    AVAILABILITY,
    level="warning",
    advice="write `maxUnavailable: 1`",
)
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
        count = scale(value, stable.replicas, up=True)
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
