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
    ends,
    exits,
    probes,
    pulls,
    references,
    scheduling,
    services,
    starts,
)
from pytest_canary.diagnosis.controllers import as_expected
from pytest_canary.diagnosis.lone_pods import diagnose_pod, wanted_logs_of_pod
from pytest_canary.diagnosis.repetition import last_words
from pytest_canary.diagnosis.subject import Expected, LogKey, Look, Objects, look_at, unready
from pytest_canary.k8s.objects import Container, Object, containers, is_over

__all__ = [
    "Expected",
    "Objects",
    "as_expected",
    "diagnose",
    "diagnose_pod",
    "last_words",
    "wanted_logs",
    "wanted_logs_of_pod",
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
    found = _fold(_find_all(look))
    return sorted(_doom_expired(found), key=lambda finding: not finding.doomed)


def wanted_logs(objects: Objects, expected: Expected) -> list[LogKey]:
    """The logs that would make the findings better: of containers that ended or aren't ready.

    A container that restarts changes what its names stand for, so they are to be fetched anew.
    """
    deployment = objects.snapshot.deployments.get(expected.deployment)
    if deployment is None or not as_expected(objects, expected):
        return []
    look = look_at(objects, expected, deployment)
    return [
        key
        for pod in unready(look.pods)
        for container in containers(pod)
        for key in ends.wanted_logs(container)
    ]


_Finder = Callable[[Look, Container], Iterable[Finding]]


def _find_all(look: Look) -> Iterator[Finding]:
    """Every finding, the more particular first."""
    yield from scheduling.find_nodes(look)
    yield from scheduling.find_evicted(look)
    for finder in _FINDERS:
        yield from _find_in_containers(look, finder)
    for pod in _living(look):
        yield from references.find_volumes(look, pod)
        yield from scheduling.find(look, pod)
    yield from controllers.find_refused(look)
    yield from controllers.find_paused(look)
    yield from services.find(look)
    yield from controllers.find_expired(look)
    yield from controllers.find_stale(look)


def _find_in_containers(look: Look, finder: _Finder) -> Iterator[Finding]:
    for pod in _living(look):
        for container in containers(pod):
            yield from finder(look, container)


def _living(look: Look) -> list[Object]:
    """The pods that still want to become ready, or to stay it."""
    return [pod for pod in look.pods if not is_over(pod)]


def _find_ends(look: Look, container: Container) -> Iterable[Finding]:
    # What the kubelet ended for a probe's or a hook's sake is told as theirs.
    if probes.explains(look, container) or starts.hook_failures(look, container):
        return ()
    return exits.find(look, container)


def _fold(findings: Iterable[Finding]) -> list[Finding]:
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


_FINDERS: tuple[_Finder, ...] = (
    pulls.find,
    references.find,
    starts.find_hooks,
    starts.find,
    probes.find,
    _find_ends,
    starts.find_lasting,
)
