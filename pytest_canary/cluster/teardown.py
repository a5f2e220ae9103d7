"""Removing what a run made, be it this one or one that has died."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_canary.cluster.container_engine import NETWORK, ContainerEngine
from pytest_canary.cluster.guest import remove_own
from pytest_canary.cluster.run import RUN_LABEL, Run, abandoned
from pytest_canary.core.errors import CanaryError, ClusterError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter

KUBECONFIG = "kubeconfig.run"


def tear_down(run: Run, engine: ContainerEngine, processes: Processes | None = None) -> None:
    """Remove everything that a run's record names, and then its folder.

    Goes on after an error, so that one thing that can't be removed saves no other.

    Args:
        run: whose things they are.
        engine: the container engine.
        processes: the run's commands, which are killed first; None for a run of another process.

    Raises:
        CanaryError: with every error; the folder is kept then, for the next attempt.
    """
    errors: list[str] = []

    def attempt(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            errors.append(str(error))

    record, processes = run.record, processes or Processes()
    processes.kill_all()
    if record.namespace and record.guest:
        attempt(lambda: leave_namespace(run, processes))
    elif record.namespace:
        attempt(lambda: delete_namespace(run.folder / KUBECONFIG, str(record.namespace), run.id))
    if record.cluster:
        attempt(lambda: delete_cluster(run, processes))
    for ref in record.images:
        attempt(lambda ref=ref: engine.untag(ref))  # type: ignore[misc]
    if record.network:
        attempt(lambda: engine.remove_network(NETWORK))
    if errors:
        raise CanaryError(
            f"run {run.id} could not be cleaned up; `pytest --canary-reap` tries again",
            "\n".join(errors),
        )
    run.remove()


def delete_cluster(run: Run, processes: Processes) -> None:
    """Delete the cluster that a run's record names.

    Raises:
        ClusterError: kind can't delete it.
    """
    from pytest_canary.cluster.kind import Cluster

    record = run.record
    kind = Path(record.kind) if record.kind and Path(record.kind).exists() else None
    Cluster(str(record.cluster), run.folder, kind=kind, processes=processes).delete()


def delete_namespace(kubeconfig: Path, name: str, run: str, timeout: float = 120) -> None:
    """Delete a run's namespace in a cluster that outlives it, and wait until it is gone.

    One that does not carry the run's label is somebody else's, and stays.

    A cluster that can't be reached any more has been deleted meanwhile, or will be asked again by
    the next run: its namespaces carry a label that tells.
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
        Waiter().until(f"namespace {name} to be gone", look, timeout=timeout)
    except ClusterError as error:
        if "refused" not in str(error):
            raise ClusterError(f"namespace {name} can't be deleted: {error}") from error


def leave_namespace(run: Run, processes: Processes) -> None:
    """Remove what a run has in a namespace that was there before it, and stays.

    Raises:
        ClusterError: something can't be removed.
    """
    from pytest_canary.k8s.namespace import Namespace

    kubeconfig = run.folder / KUBECONFIG
    if kubeconfig.exists():
        owner = Namespace(kubeconfig, str(run.record.namespace))
        remove_own(owner, run.record, processes, Waiter())


def reap(engine: ContainerEngine, *, kept: bool, tell: Callable[[str], None]) -> int:
    """Remove what runs have left whose process is gone.

    Args:
        engine: the container engine.
        kept: also what was kept on purpose, with --canary-keep or --canary-reuse.
        tell: told of each run that is removed.

    Returns:
        How many runs were removed.

    Raises:
        CanaryError: some could not be removed; the others were.
    """
    removed = 0
    errors: list[str] = []
    for run in abandoned(kept=kept):
        record = run.record
        what = record.cluster or record.namespace or "its files"
        tell(f"run {run.id} of {record.project} is gone and left {what}; removing it")
        try:
            tear_down(run, engine)
            removed += 1
        except CanaryError as error:
            errors.append(str(error))
        finally:
            run.release()
    if errors:
        raise CanaryError("\n".join(errors))
    return removed
