"""Jobs, and what else makes pods itself: why one gets none."""

from __future__ import annotations

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.controllers import stays_refused, why_refused
from pytest_canary.diagnosis.subject import read_event
from pytest_canary.k8s.objects import Snapshot


def find_refused_pod(snapshot: Snapshot, name: str, kind: str = "Job") -> Finding | None:
    """Why the API server does not let a Job make its pod; None where nothing tells.

    Args:
        snapshot: what there is.
        name: the Job's.
        kind: of what makes pods, where it is none.
    """
    told = sorted(
        (
            read_event(event)
            for event in snapshot.events.values()
            if event.get("reason") == "FailedCreate"
            and event["involvedObject"].get("kind") == kind
            and event["involvedObject"].get("name") == name
        ),
        key=lambda event: event.last,
    )
    if not told:
        return None
    # A StatefulSet's controller names the pod and itself first.
    message = told[-1].message.removeprefix("Error creating: ").rpartition(" failed error: ")[2]
    why, advice = why_refused(message)
    return Finding(
        "FailedCreate",
        f"{kind} {name} gets no pod: {why}",
        where=f"{kind} {name}",
        evidence=message,
        next=advice,
        doomed=stays_refused(message),
    )
