"""The walk's namespace: its own, or one that is there already; and its account in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_canary.cluster.account import confine, expect_rights
from pytest_canary.cluster.guest import expect_room
from pytest_canary.cluster.run import RUN_LABEL, Run
from pytest_canary.cluster.teardown import delete_namespace
from pytest_canary.config.plan import Plan
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace


def look_around(
    plan: Plan, owner: Namespace, names: Sequence[str], kubectl: Path, processes: Processes
) -> None:
    """See that somebody's cluster lets the walk in, and that nothing there is in its way.

    Args:
        plan: whether a namespace is named.
        owner: the namespace as its user sees it; nothing is made yet.
        names: what the walk is going to make there, as kubectl takes it.
        kubectl: the program.
        processes: run it.

    Raises:
        ClusterError: a right lacks, or something is in the way.
    """
    named = plan.options.namespace
    runs_jobs = plan.migrates and plan.settings.migration.way in ("job", "hook")
    expect_rights(owner, makes_namespace=not named, runs_jobs=runs_jobs)
    if named:
        expect_room(owner, names, kubectl, processes)


def settle(
    plan: Plan,
    run: Run,
    owner: Namespace,
    kubectl: Path,
    waiter: Waiter,
    processes: Processes,
    *,
    within: str | None = None,
) -> Namespace:
    """Make the namespace, where none is named, and the account that reaches nothing else.

    Args:
        plan: whether a namespace is named, and how long the walk may take.
        run: owns what is made; it is in its record before it is made.
        owner: the namespace as its user sees it.
        kubectl: the program that removes what is the run's in somebody's namespace.
        waiter: waits.
        processes: their redactor learns the account's token.
        within: the run whose cluster outlives this run.

    Returns:
        The namespace as the account sees it.
    """
    options, settings = plan.options, plan.settings
    if options.reuse:
        # This run has the cluster to itself: what else is in it was left by a killed one.
        for name in owner.cluster.other_namespaces(RUN_LABEL):
            left_by = name.removeprefix("canary-")
            delete_namespace(owner.kubeconfig, name, left_by, waiter=waiter)
    if options.namespace:
        run.note(namespace=owner.name, guest=True, kubectl=str(kubectl))
    else:
        if options.reuse or options.context:
            run.note(namespace=owner.name, within=within)
        owner.create(owner.labels)

    def look() -> Seen[None]:
        names = {each["metadata"]["name"] for each in owner.objects("ServiceAccount")}
        return Seen("not there yet", "default" in names, None)

    namespace = confine(
        owner,
        run.folder,
        seconds=settings.deadlines.longest + int(settings.verdict.seconds),
        waiter=waiter,
        redactor=processes.redactor,
    )
    # A pod that comes before its namespace's default ServiceAccount is refused.
    waiter.until("the namespace's ServiceAccount", look, timeout=60)
    return namespace
