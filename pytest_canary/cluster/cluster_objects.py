"""Objects of a whole cluster that a run has made there, and that go with it."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.cluster.record import Record
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes

# Seconds in which those of one kind are gone; a CRD takes its objects along.
GOING = 60

# As kubectl words it, where a kind went with its CRD.
_GONE = "doesn't have a resource type"


def remove_cluster_objects(
    record: Record, label: str, kubeconfig: Path, processes: Processes
) -> None:
    """Remove those that carry the run's label, the last that was made first; others stay.

    Args:
        record: says which kinds there may be, and what removes them.
        label: the run's, "pytest-canary/run=1a2b3c".
        kubeconfig: of the one who has the cluster, or may make things in it.
        processes: run kubectl.

    Raises:
        ClusterError: some can't be removed, or don't go.
    """
    kinds = dict.fromkeys(name.partition("/")[0] for name in reversed(record.cluster_wide))
    for kind in kinds:
        command = [
            record.kubectl or "kubectl",
            f"--kubeconfig={kubeconfig}",
            "delete",
            kind,
            f"--selector={label}",
            "--ignore-not-found",
            f"--timeout={GOING}s",
        ]
        try:
            processes.read(command, timeout=GOING + 30)
        except CommandError as error:
            if _GONE in error.output:
                continue
            raise ClusterError(
                f"{kind} of run {record.run} can't be removed: {error.sentence}; see `kubectl get "
                f"{kind} --selector={label}`",
                error.evidence,
            ) from error
