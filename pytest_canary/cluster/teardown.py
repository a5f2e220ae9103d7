"""Removing what a run made, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pytest_canary.cluster.cluster_objects import remove_cluster_objects
from pytest_canary.cluster.container_engine import (
    NETWORK,
    ContainerEngine,
    NodeContainer,
    node_name,
)
from pytest_canary.cluster.guest import remove_own
from pytest_canary.cluster.leftovers import is_up
from pytest_canary.cluster.node_registries import forget_registry
from pytest_canary.cluster.run import RUN_LABEL, Run, label_of, registry_label
from pytest_canary.core.errors import CanaryError, ClusterError, WaitTimeoutError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.connection import UnansweredError

# Seconds in which the engine ends what it was asked for by a command that was killed meanwhile.
SETTLING = 20.0

# Seconds in which a container that is being removed is gone.
REMOVING = 60.0

Tell = Callable[[str], None]


def _nobody(text: str) -> None:
    pass


def tear_down(
    run: Run,
    engine: ContainerEngine,
    processes: Processes | None = None,
    *,
    waiter: Waiter | None = None,
    tell: Tell = _nobody,
) -> None:
    """Remove everything that a run's record names, and then its folder.

    Goes on after an error, so that one thing that can't be removed saves no other.

    Args:
        run: whose things they are.
        engine: the container engine.
        processes: the run's commands, which are killed first; None for a run of another process.
        waiter: waits until things are gone.
        tell: told of what has the name of something of the run's, and is somebody else's.

    Raises:
        CanaryError: with every error; the folder is kept then, for the next attempt.
    """
    errors: list[str] = []

    def attempt(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            # An engine that is gone is told once.
            if str(error) not in errors:
                errors.append(str(error))

    record, waiter = run.record, waiter or Waiter()
    if processes:
        processes.kill_all()
    if record.namespace and record.guest:
        attempt(lambda: leave_namespace(run, processes or Processes()))
    elif record.namespace:
        attempt(lambda: delete_namespace_of(run, engine))
    if record.namespace and record.cluster_wide:
        attempt(lambda: remove_from_cluster(run, engine, processes or Processes()))
    if record.cluster:
        attempt(lambda: delete_cluster(run, engine, waiter, tell))
    attempt(lambda: remove_containers(run.id, engine))
    if record.registry:
        attempt(lambda: remove_registry(run, engine, processes or Processes()))
    for ref in record.images:
        attempt(lambda ref=ref: engine.untag(ref))  # type: ignore[misc]
    if record.network:
        attempt(lambda: remove_network(run, engine))
    attempt(run.remove_jobs)
    if errors:
        raise CanaryError(
            f"run {run.id} could not be cleaned up; `pytest --canary-reap` tries again",
            "\n".join(errors),
        )
    run.remove()


def remove_containers(run: str, engine: ContainerEngine) -> None:
    """Remove the containers that a run's jobs have started.

    Raises:
        CommandError: the engine refuses.
    """
    for container in engine.labelled_containers(label_of(run)):
        engine.remove_container(container)


def delete_cluster(run: Run, engine: ContainerEngine, waiter: Waiter, tell: Tell = _nobody) -> None:
    """Remove the node containers that are the run's own, and leave others of the same name.

    Raises:
        CommandError: the engine refuses.
        WaitTimeoutError: they don't go.
    """
    cluster = str(run.record.cluster)

    def nodes() -> list[NodeContainer]:
        return engine.node_containers(cluster)

    if run.record.containers is None:
        # kind was cut off, and the engine may still be making what kind had asked for.
        with suppress(WaitTimeoutError):
            waiter.until(
                "the engine to end what kind has begun",
                lambda: Seen("no node container yet", bool(nodes()), None),
                timeout=SETTLING,
            )
    if any(not run.record.owns(node) for node in nodes()):
        tell(f"cluster {cluster} is not what run {run.id} made under that name, and stays")

    def look() -> Seen[None]:
        ours = [node for node in nodes() if run.record.owns(node)]
        for node in ours:
            engine.remove_container(node.id)
        return Seen(f"still there: {', '.join(node.name for node in ours)}", not ours, None)

    waiter.until(f"cluster {cluster} to be gone", look, timeout=REMOVING)


def remove_registry(run: Run, engine: ContainerEngine, processes: Processes) -> None:
    """Remove a run's own registry, the names under which it was pushed to, and nodes' trust in it.

    Raises:
        CommandError: the engine refuses, or a node can't be told.
    """
    record = run.record
    for container in engine.labelled_containers(registry_label(run.id)):
        engine.remove_container(container)
    for name in engine.names_with(f"/{record.registry_part}/"):
        engine.untag(name)
    # A cluster that goes with the run has nobody left to pull.
    if record.within and is_up(engine, f"canary-{record.within}"):
        node = node_name(f"canary-{record.within}")
        forget_registry(processes, node, record.registry_part)


def remove_network(run: Run, engine: ContainerEngine) -> None:
    """Remove kind's network where it is the one that the run made, and nothing refers to it."""
    known = run.record.network_id
    for network in engine.networks(NETWORK):
        if not network.members and known in (None, network.id):
            engine.remove_network(network.id)


def delete_namespace_of(run: Run, engine: ContainerEngine) -> None:
    """Delete the namespace of a run in a cluster that outlives it.

    Raises:
        ClusterError: it can't be deleted, or that can't be known.
    """
    within = run.record.within
    try:
        delete_namespace(run.kubeconfig, str(run.record.namespace), run.id)
    except ClusterError as error:
        unreachable = isinstance(error, UnansweredError)
        # A cluster of our own that does not run is gone with all that was in it, or its next run
        # looks for the label.
        if unreachable and within and not is_up(engine, f"canary-{within}"):
            return
        hint = f"; delete {run.folder} where that cluster is gone" if unreachable else ""
        raise ClusterError(f"{error.sentence}{hint}", error.evidence) from error


def delete_namespace(
    kubeconfig: Path, name: str, run: str, timeout: float = 120, waiter: Waiter | None = None
) -> None:
    """Delete a run's namespace in a cluster that outlives it, and wait until it is gone.

    One that does not carry the run's label is somebody else's, and stays.

    Raises:
        ClusterError: it can't be deleted, or its API server does not answer.
    """
    from pytest_canary.k8s.namespace import Namespace

    if not kubeconfig.exists():
        return
    namespace = Namespace(kubeconfig, name)

    def look() -> Seen[None]:
        return Seen("it is still there", not namespace.exists(), None)

    try:
        if namespace.label(RUN_LABEL) != run:
            return
        namespace.delete()
        (waiter or Waiter()).until(f"namespace {name} to be gone", look, timeout=timeout)
    except ClusterError as error:
        sentence = f"namespace {name} can't be deleted: {error.sentence}"
        # Of the same class: one that does not answer is told from one that refuses.
        raise type(error)(sentence, error.evidence) from error


def leave_namespace(run: Run, processes: Processes) -> None:
    """Remove what a run has in a namespace that was there before it, and stays.

    Raises:
        ClusterError: something can't be removed.
    """
    from pytest_canary.k8s.namespace import Namespace

    kubeconfig = run.kubeconfig
    if kubeconfig.exists():
        owner = Namespace(kubeconfig, str(run.record.namespace))
        remove_own(owner, run.record, processes, Waiter())


def remove_from_cluster(run: Run, engine: ContainerEngine, processes: Processes) -> None:
    """Remove what a run has made that belongs to a whole cluster, which outlives it.

    Raises:
        ClusterError: something can't be removed.
    """
    kubeconfig, within = run.kubeconfig, run.record.within
    # In a cluster of ours that does not run, the next run takes such objects over.
    if kubeconfig.exists() and (within is None or is_up(engine, f"canary-{within}")):
        remove_cluster_objects(run.record, label_of(run.id), kubeconfig, processes)
