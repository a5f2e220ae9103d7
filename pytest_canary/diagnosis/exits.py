"""Containers that end: from their last states and logs to what ended them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import probes
from pytest_canary.diagnosis.counterparts import unchanged_settings
from pytest_canary.diagnosis.ends import UNSTARTABLE, Ended, describe_restarts, last_end, last_logs
from pytest_canary.diagnosis.log_lines import quote_line
from pytest_canary.diagnosis.repetition import repeats
from pytest_canary.diagnosis.subject import Look
from pytest_canary.k8s.objects import Container

LINES = 20


def find(look: Look, container: Container) -> Iterator[Finding]:
    """Why a container that had begun has ended."""
    end = last_end(container)
    if end is None or end.state.get("reason") in UNSTARTABLE:
        return
    if end.state.get("reason") == "OOMKilled":
        yield _out_of_memory(look, container, end)
    else:
        yield _end_finding(look, container, end)


def _end_finding(look: Look, container: Container, end: Ended) -> Finding:
    log, evidence = _logs(look, container, end)
    return Finding(
        "ContainerExited" if end.code else "ContainerEnded",
        f"{container.of(look.name)} {_how(end)} {_when(end)}{_forbidden(container, end) or log}",
        where=container.where,
        seen=describe_restarts(container),
        evidence=evidence,
        likely=_format(evidence)
        or _unhealthy(look, container, end)
        or unchanged_settings(look, container),
        next=_read(container, end),
        # One end may heal: a database that isn't there yet, a file that is written meanwhile.
        doomed=repeats(look, container, end) and not probes.may_explain(look, container),
    )


def _how(end: Ended) -> str:
    # A shell that runs the app says 128 + N, and so does the container runtime.
    if end.code > 128:
        number = end.code - 128
        try:
            return f"is ended by signal {number} ({signal.Signals(number).name})"
        except ValueError:
            pass
    return f"exits with code {end.code}"


def _when(end: Ended) -> str:
    if end.seconds is None or end.seconds < 2:
        return "as soon as it starts"
    return f"after {end.seconds:.0f} s"


def _forbidden(container: Container, end: Ended) -> str:
    if end.code or container.init:
        return ""
    return ", but a Deployment's container must keep running"


def _format(log: str) -> str:
    if "exec format error" not in log:
        return ""
    return "the image is built for another processor, or its command is a script without #!"


def _unhealthy(look: Look, container: Container, end: Ended) -> str:
    """A failed liveness probe as the likely cause; the kubelet may leave out its own event."""
    failed = probes.failures(look, container, "liveness")
    if not failed or end.code not in probes.ENDED_BY_KUBELET:
        return ""
    return "its liveness probe failed, for which the kubelet ends it"


def _out_of_memory(look: Look, container: Container, end: Ended) -> Finding:
    limit = container.spec.get("resources", {}).get("limits", {}).get("memory")
    name = container.of(look.name)
    if limit:
        sentence = f"{name} was killed for using more than its memory limit of {limit}"
        advice = f"raise resources.limits.memory of container {container.name}, or let it use less"
    else:
        sentence = f"{name} was killed as its node ran out of memory, for it has no memory limit"
        advice = f"give container {container.name} a memory limit, or the node more memory"
    _, evidence = _logs(look, container, end)
    return Finding(
        "OOMKilled",
        sentence,
        where=container.where,
        seen=describe_restarts(container),
        evidence=evidence,
        next=advice,
        doomed=end.times > 1,
    )


def _logs(look: Look, container: Container, end: Ended) -> tuple[str, str]:
    """The log's telling line for the sentence, and its last lines as evidence."""
    this, other = last_logs(look.objects, container, end)
    lines = _label("log", this)
    if other and other != this:
        lines += _label("log of the run before", other)
    return quote_line(this) or quote_line(other), "\n".join(lines)


def _label(label: str, log: str) -> list[str]:
    return [f"{label}:", *log.splitlines()[-LINES:]] if log else []


def _read(container: Container, end: Ended) -> str:
    previous = " --previous" if end.previous else ""
    return f"kubectl logs {container.pod_name} -c {container.name}{previous}"
