"""A namespace that was there before the run and stays: what of the run is in it, and no more.

All of it carries the run's label. The account has one name for all runs, so that only one at a
time can make it, and be in the namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_canary.cluster.account import ACCOUNT
from pytest_canary.cluster.record import Record
from pytest_canary.cluster.run import RUN_LABEL
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.objects import Object, pods_of

# What every run makes; a release may apply more.
KINDS = ("deployment", "service", "secret", "pod", "rolebinding", "role", "serviceaccount")


def expect_room(
    owner: Namespace, names: Sequence[str], kubectl: Path, processes: Processes
) -> None:
    """See that a run can be in a namespace without touching what is there already.

    Args:
        owner: the namespace as the run's user sees it.
        names: what the run is going to make there, as kubectl takes it: "Service/shop-lb".
        kubectl: the program.
        processes: run it.

    Raises:
        ClusterError: it is not there, another run is in it, or it has objects of these names.
    """
    if not owner.exists():
        raise ClusterError(
            f"there is no namespace {owner.name}; make it, or leave --canary-namespace out"
        )
    for account in owner.objects("ServiceAccount"):
        if account["metadata"]["name"] == ACCOUNT:
            run = account["metadata"].get("labels", {}).get(RUN_LABEL, "of another tool")
            raise ClusterError(
                f"run {run} is in namespace {owner.name}, or has left things there; wait for it, "
                "or remove them with pytest --canary-reap where it ran"
            )
    there = _kubectl(owner, kubectl, processes, "get", "--ignore-not-found", "-o=name", *names)
    if there.split():
        raise ClusterError(
            f"namespace {owner.name} has {', '.join(there.split())}, which the walk would change; "
            "name another --canary-namespace, or leave it out"
        )


def remove_own(
    owner: Namespace, record: Record, processes: Processes, waiter: Waiter, timeout: float = 120
) -> None:
    """Remove what a run has made in a namespace that stays, and wait until its pods are gone.

    Raises:
        ClusterError: something can't be removed.
    """
    deployments = own_deployments(owner.objects("Deployment"), record)
    pods = [name_of(pod) for pod in own_objects(owner.objects("Pod"), record, deployments)]
    kinds = dict.fromkeys([*(name.partition("/")[0] for name in record.applied), *KINDS])
    selected = f"--selector={RUN_LABEL}={record.run}"
    _kubectl(
        owner,
        Path(record.kubectl or "kubectl"),
        processes,
        "delete",
        ",".join(kinds),
        selected,
        "--ignore-not-found",
        "--wait=false",
    )
    # Nobody is there to be served.
    for pod in pods:
        owner.delete_pod(pod)

    def look() -> Seen[None]:
        left = {name_of(pod) for pod in owner.objects("Pod")} & set(pods)
        return Seen(f"there is still {', '.join(sorted(left))}", not left, None)

    waiter.until(f"the run's pods in {owner.name} to be gone", look, timeout=timeout)


def own_deployments(items: Iterable[Object], record: Record) -> set[str]:
    """The names of a run's Deployments, those that are gone included."""
    kind = "deployment.apps/"
    applied = {name.removeprefix(kind) for name in record.applied if name.startswith(kind)}
    return applied | {name_of(item) for item in items if _has_label(item, record)}


def own_objects(
    items: Iterable[Object], record: Record, deployments: Iterable[str]
) -> list[Object]:
    """Those of a run: they carry its label, or are pods of its Deployments."""
    items = list(items)
    pods = [name_of(pod) for each in deployments for pod in pods_of(items, each)]
    return [item for item in items if _has_label(item, record) or name_of(item) in pods]


def name_of(item: Object) -> str:
    """What an object is called."""
    return str(item["metadata"]["name"])


def _has_label(item: Object, record: Record) -> bool:
    return bool(item["metadata"].get("labels", {}).get(RUN_LABEL) == record.run)


def _kubectl(owner: Namespace, kubectl: Path, processes: Processes, *words: str) -> str:
    where = [f"--kubeconfig={owner.kubeconfig}", f"--namespace={owner.name}"]
    try:
        return processes.read([kubectl, *where, *words], timeout=60)
    except CommandError as error:
        raise ClusterError(
            f"namespace {owner.name} can't be used: {error.sentence}", error.evidence
        ) from error
