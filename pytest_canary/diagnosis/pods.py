"""What keeps pods from becoming ready, whatever has made them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import plural
from pytest_canary.diagnosis import ends, exits, probes, pulls, references, scheduling, starts
from pytest_canary.diagnosis.subject import LogKey, Look, unready
from pytest_canary.k8s.objects import Container, Object, containers, is_over

_Finder = Callable[[Look, Container], Iterable[Finding]]


def find(look: Look) -> Iterator[Finding]:
    """Every finding in a look's pods, the more particular first."""
    yield from scheduling.find_nodes(look)
    yield from scheduling.find_evicted(look)
    for finder in _FINDERS:
        yield from _find_in_containers(look, finder)
    for pod in _living_pods(look):
        yield from references.find_volumes(look, pod)
        yield from scheduling.find(look, pod)


def wanted_logs(look: Look) -> list[LogKey]:
    """The logs that would make the findings better: of containers that ended or aren't ready."""
    return [
        key
        for pod in unready(look.pods)
        for container in containers(pod)
        for key in ends.wanted_logs(container)
    ]


def fold(findings: Iterable[Finding]) -> list[Finding]:
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
        more = f", and {plural(others, 'more pod')}" if others else ""
        folded.append(replace(first, where=f"{first.where}{more}"))
    return folded


def _find_in_containers(look: Look, finder: _Finder) -> Iterator[Finding]:
    for pod in _living_pods(look):
        for container in containers(pod):
            yield from finder(look, container)


def _living_pods(look: Look) -> list[Object]:
    """The pods that still want to become ready, or to stay it."""
    return [pod for pod in look.pods if not is_over(pod)]


def _find_ends(look: Look, container: Container) -> Iterable[Finding]:
    # What the kubelet ended for a probe's or a hook's sake is told as theirs.
    if probes.explains(look, container) or starts.hook_failures(look, container):
        return ()
    return exits.find(look, container)


_FINDERS: tuple[_Finder, ...] = (
    pulls.find,
    references.find,
    starts.find_hooks,
    starts.find,
    probes.find,
    _find_ends,
    starts.find_lasting,
)
