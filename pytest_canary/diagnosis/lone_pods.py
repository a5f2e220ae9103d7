"""Pods that no Deployment has: they run one command, and nothing replaces them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import ends, exits, pulls, references, scheduling, starts
from pytest_canary.diagnosis.subject import Expected, LogKey, Look, Objects
from pytest_canary.k8s.objects import Container, Object, containers, is_over


def diagnose_pod(objects: Objects, name: str) -> list[Finding]:
    """What keeps a pod from running its command; how the command itself ended is not said.

    Args:
        objects: what there is.
        name: the pod's.

    Returns:
        The findings, what is doomed before what is slow; none where the pod is not there.
    """
    pod = objects.snapshot.pods.get(name)
    if pod is None:
        return []
    found = list(_find_all(_look_at(objects, pod), pod))
    if is_over(pod):
        # Nothing comes after.
        found = [replace(each, doomed=True) for each in found]
    return sorted(found, key=lambda finding: not finding.doomed)


def wanted_logs_of_pod(objects: Objects, name: str) -> list[LogKey]:
    """The logs that would make the findings of a pod better."""
    pod = objects.snapshot.pods.get(name)
    listed = containers(pod) if pod else ()
    return [key for container in listed for key in ends.wanted_logs(container)]


def _look_at(objects: Objects, pod: Object) -> Look:
    expected = Expected(f"pod {pod['metadata']['name']}", 1, "")
    return Look(objects, expected, {"spec": {"template": pod}}, None, [pod], (), ())


def _find_all(look: Look, pod: Object) -> Iterator[Finding]:
    for finder in (pulls.find, references.find, starts.find, _find_failed_init):
        for container in containers(pod):
            yield from finder(look, container)
    yield from references.find_volumes(look, pod)
    yield from scheduling.find(look, pod)


def _find_failed_init(look: Look, container: Container) -> Iterable[Finding]:
    return exits.find(look, container) if container.init else ()
