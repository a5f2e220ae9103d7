"""Why a rollout does not come to its end: a pure function, from API objects to findings.

*Doomed* is what waiting can't mend: it ends the wait at once. *Slow* may still come right: it is
told while one waits, and fails nothing before the deadline. Where an object does not tell the two
apart, it is slow: a false alarm is worse than a late one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import (
    controllers,
    exits,
    probes,
    pulls,
    references,
    scheduling,
    services,
    starts,
)
from pytest_canary.diagnosis.controllers import as_expected
from pytest_canary.diagnosis.subject import Expected, LogKey, Look, Objects, look, unready
from pytest_canary.k8s.objects import Container, Object, containers

__all__ = ["Expected", "Objects", "as_expected", "diagnose", "wanted_logs"]


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
    seen = look(objects, expected, deployment)
    changed = list(controllers.find_changed(seen))
    if changed:
        # What these pods suffer from is not what the transition is about.
        return changed
    found = _folded(_all(seen))
    return sorted(_expired(found), key=lambda finding: not finding.doomed)


def wanted_logs(objects: Objects, expected: Expected) -> list[LogKey]:
    """The logs that would make the findings better: of containers that ended or aren't ready.

    A container that restarts changes what its names stand for, so they are to be fetched anew.
    """
    deployment = objects.snapshot.deployments.get(expected.deployment)
    if deployment is None or not as_expected(objects, expected):
        return []
    seen = look(objects, expected, deployment)
    return [
        key
        for pod in unready(seen.pods)
        for container in containers(pod)
        for key in exits.wanted(container)
    ]


_Finder = Callable[[Look, Container], Iterable[Finding]]


def _all(seen: Look) -> Iterator[Finding]:
    """Every finding, the more particular first."""
    yield from scheduling.find_nodes(seen)
    yield from scheduling.find_evicted(seen)
    for finder in _FINDERS:
        yield from _of_containers(seen, finder)
    for pod in _living(seen):
        yield from references.find_volumes(seen, pod)
        yield from scheduling.find(seen, pod)
    yield from controllers.find_refused(seen)
    yield from controllers.find_paused(seen)
    yield from services.find(seen)
    yield from controllers.find_expired(seen)
    yield from controllers.find_stale(seen)


def _of_containers(seen: Look, finder: _Finder) -> Iterator[Finding]:
    for pod in _living(seen):
        for container in containers(pod):
            yield from finder(seen, container)


def _living(seen: Look) -> list[Object]:
    """The pods that still want to become ready, or to stay it."""
    over = ("Failed", "Succeeded")
    return [pod for pod in seen.pods if pod.get("status", {}).get("phase") not in over]


def _ends(seen: Look, container: Container) -> Iterable[Finding]:
    # What the kubelet ended for a probe's or a hook's sake is told as theirs.
    if probes.explains(seen, container) or starts.hooks(seen, container):
        return ()
    return exits.find(seen, container)


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for pods that suffer from the same; the one that says most speaks for all."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        # Last words are each pod's own, with times and addresses in them.
        subject = finding.sentence.partition(': "')[0]
        groups.setdefault((finding.code, subject), []).append(finding)
    folded = []
    for group in groups.values():
        first = max(group, key=lambda each: (each.doomed, len(each.evidence) > 0))
        others = len({each.where for each in group}) - 1
        more = f", and {others} more pod{'s' if others > 1 else ''}" if others else ""
        folded.append(replace(first, where=f"{first.where}{more}"))
    return folded


def _expired(findings: list[Finding]) -> list[Finding]:
    """At the Deployment's own deadline, what was slow so far has had its time."""
    deadline = [each for each in findings if each.code == "ProgressDeadlineExceeded"]
    if not deadline:
        return findings
    seen = deadline[0].sentence.partition(" made ")[2]
    late = [
        replace(each, doomed=True, seen=", ".join(filter(None, (each.seen, f"made {seen}"))))
        for each in findings
        if each not in deadline
    ]
    return [*late, *deadline]


_FINDERS: tuple[_Finder, ...] = (
    pulls.find,
    references.find,
    starts.find_hooks,
    starts.find,
    probes.find,
    _ends,
    starts.find_lasting,
)
