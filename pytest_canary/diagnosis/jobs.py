"""Jobs: why one gets no pod."""

from __future__ import annotations

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.controllers import stays_refused, why_refused
from pytest_canary.diagnosis.subject import read_event
from pytest_canary.k8s.objects import Snapshot


def find_refused_pod(snapshot: Snapshot, job: str) -> Finding | None:
    """Why the API server does not let a Job make its pod; None where nothing tells.

    Args:
        snapshot: what there is.
        job: the Job's name.
    """
    told = sorted(
        (
            read_event(event)
            for event in snapshot.events.values()
            if event.get("reason") == "FailedCreate"
            and event["involvedObject"].get("kind") == "Job"
            and event["involvedObject"].get("name") == job
        ),
        key=lambda event: event.last,
    )
    if not told:
        return None
    message = told[-1].message.removeprefix("Error creating: ")
    why, advice = why_refused(message)
    return Finding(
        "FailedCreate",
        f"Job {job} gets no pod: {why}",
        where=f"Job {job}",
        evidence=message,
        next=advice,
        doomed=stays_refused(message),
    )
