"""Containers that end again and again: whether another start may still mend it.

Many apps end until what they need is there, such as a sidecar, a lease or a migration, and are
well at their second or third start.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping

from pytest_canary.diagnosis.counterparts import restarts_elsewhere
from pytest_canary.diagnosis.ends import UNSTARTABLE, Ended, last_end, last_logs
from pytest_canary.diagnosis.log_lines import awaits, telling_line
from pytest_canary.diagnosis.subject import LastWords, Look, Objects, Run
from pytest_canary.k8s.objects import Container, containers

ENDS = 3
"""Ends after which a container is given up, whatever it says."""

# What a mistake in the program ends it by.
_CRASHES = {
    128 + number
    for number in (
        signal.SIGILL,
        signal.SIGTRAP,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGSEGV,
        signal.SIGSYS,
    )
}
# What is another one at each end: moments, addresses, identifiers.
_VARYING = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F-]{8,}|\d+")


def repeats(look: Look, container: Container, end: Ended) -> bool:
    """Whether a container will end again, however often it is started."""
    elsewhere = restarts_elsewhere(look, container)
    if end.times >= max(ENDS, elsewhere + 2):
        return True
    if end.times < 2 or elsewhere:
        return False
    known = look.objects.last_words
    runs = [(container.pod_name, container.name, number) for number in (end.times - 1, end.times)]
    before, last = (known.get(run) for run in runs)
    return before is not None and last is not None and alike(before, last)


def alike(one: LastWords, other: LastWords) -> bool:
    """Whether two runs ended for the same reason, and for one of the container's own."""
    if one.code != other.code or awaits(one.line) or awaits(other.line):
        return False
    lines = {_VARYING.sub("#", each.line) for each in (one, other)}
    return one.code in _CRASHES or (len(lines) == 1 and "" not in lines)


def last_words(objects: Objects) -> Mapping[Run, LastWords]:
    """What containers have said as they ended: by now, and as it was remembered before.

    The kubelet deletes the log of a container's first run when the second one ends.
    """
    pods = objects.snapshot.pods
    known = {run: words for run, words in objects.last_words.items() if run[0] in pods}
    for pod in pods.values():
        for container in containers(pod):
            for run, words in _last_words(objects, container):
                if words.line or run not in known:
                    known[run] = words
    return known


def _last_words(objects: Objects, container: Container) -> Iterator[tuple[Run, LastWords]]:
    end = last_end(container)
    if end is None or end.state.get("reason") in UNSTARTABLE:
        return
    last, before = last_logs(objects, container, end)
    pod, name = container.pod_name, container.name
    yield (pod, name, end.times), LastWords(end.code, telling_line(last))
    earlier = container.status.get("lastState", {}).get("terminated")
    if earlier and not end.previous:
        code = int(earlier.get("exitCode", 0))
        yield (pod, name, end.times - 1), LastWords(code, telling_line(before))
