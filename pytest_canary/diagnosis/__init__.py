"""Why a rollout does not come to its end: pure, from API objects to findings.

*Doomed* is what waiting can't mend: it ends the wait at once. *Slow* may still come right: it is
told while one waits, and fails nothing before the deadline. Where an object does not tell the two
apart, it is slow: a false alarm is worse than a late one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import controllers, pods, services
from pytest_canary.diagnosis.controllers import as_expected
from pytest_canary.diagnosis.lone_pods import diagnose_pod, wanted_logs_of_pod
from pytest_canary.diagnosis.repetition import last_words
from pytest_canary.diagnosis.subject import Expected, LogKey, Look, Objects, look_at
from pytest_canary.diagnosis.workloads import diagnose_workload, wanted_logs_of_workload

__all__ = [
    "Expected",
    "Objects",
    "as_expected",
    "diagnose",
    "diagnose_pod",
    "diagnose_workload",
    "last_words",
    "wanted_logs",
    "wanted_logs_of_pod",
    "wanted_logs_of_workload",
]


def diagnose(objects: Objects, expected: Expected) -> list[Finding]:
    """What is wrong with a transition, now.

    Returns:
        The findings, what is doomed before what is slow, and the more particular cause before the
        more general; several pods with the same trouble are one finding. Empty where nothing is
        wrong, or nothing has shown itself yet.
    """
    deployment = objects.snapshot.deployments.get(expected.deployment)
    if deployment is None:
        return list(controllers.find_absent(expected))
    look = look_at(objects, expected, deployment)
    changed = list(controllers.find_changed(look))
    if changed:
        # What these pods suffer from is not what the transition is about.
        return changed
    found = pods.fold(_find_all(look))
    return sorted(_doom_expired(found), key=lambda finding: not finding.doomed)


def wanted_logs(objects: Objects, expected: Expected) -> list[LogKey]:
    """The logs that would make the findings better: of containers that ended or aren't ready.

    A container that restarts changes what its names stand for, so they are to be fetched anew.
    """
    deployment = objects.snapshot.deployments.get(expected.deployment)
    if deployment is None or not as_expected(objects, expected):
        return []
    return pods.wanted_logs(look_at(objects, expected, deployment))


def _find_all(look: Look) -> Iterator[Finding]:
    """Every finding, the more particular first."""
    yield from pods.find(look)
    yield from controllers.find_refused(look)
    yield from controllers.find_paused(look)
    yield from services.find(look)
    yield from controllers.find_expired(look)
    yield from controllers.find_stale(look)


def _doom_expired(findings: list[Finding]) -> list[Finding]:
    """At the Deployment's own deadline, what was slow so far has had its time."""
    deadline = [each for each in findings if each.code == "ProgressDeadlineExceeded"]
    if not deadline:
        return findings
    progress = deadline[0].sentence.partition(" made ")[2]
    late = [
        replace(each, doomed=True, seen=", ".join(filter(None, (each.seen, f"made {progress}"))))
        for each in findings
        if each not in deadline
    ]
    return [*late, *deadline]
