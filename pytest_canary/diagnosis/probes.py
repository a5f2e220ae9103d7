"""Probes that fail: from the kubelet's events to what was asked and what came back."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Iterator

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.counterparts import passed_probe
from pytest_canary.diagnosis.ends import Ended, last_end
from pytest_canary.diagnosis.subject import Event, Look, moment, times
from pytest_canary.k8s.objects import Container, Object, is_ready

# What a path answers that isn't there, or isn't to be had like this; or isn't yet, as a server
# may listen before what it serves is there. The other 4xx may pass: 408 and 425 ask for patience,
# 429 for less haste.
_WRONG = {400, 401, 403, 404, 405, 406, 410, 415}
# Seconds, and periods of the probe, after which such an answer counts as the last word; and, where
# the same probe passes elsewhere, seconds and how many times as long as it took there.
_LATE, _PERIODS = 60.0, 10
_LATER, _TIMES = 10.0, 3
HEALED = 60
"""Seconds that a container lives after a kill for its liveness until it counts as healed."""
EVENT_LAG = 5.0
"""Seconds by which an event may come after what it tells of: tenths, on a busy machine one."""
FIELDS = {"readiness": "readinessProbe", "liveness": "livenessProbe", "startup": "startupProbe"}

ENDING = ("startup", "liveness")
"""The probes for which the kubelet ends a container."""
ENDED_BY_KUBELET = (0, 128 + signal.SIGKILL, 128 + signal.SIGTERM)
"""How a container may end that the kubelet ends: an app that heeds SIGTERM ends with 0."""


def find(look: Look, container: Container) -> Iterator[Finding]:
    """Probes that keep a container from being ready, or have it killed."""
    killed = list(_find_kills(look, container))
    yield from killed
    if killed or is_ready(container.pod) or container.status.get("ready"):
        return
    # One that ends is not answering for that reason, and one that has ended is told by its end.
    if not container.running or last_end(container):
        return
    for kind in ("startup", "readiness"):
        failed = failures(look, container, kind)
        probe = container.spec.get(FIELDS[kind]) or {}
        if failed and sum(event.times for event in failed) >= _enough(probe):
            yield _failure_finding(look, container, kind, probe, failed)
            return


def _enough(probe: Object) -> int:
    """Failures that count: the first probes are often too early, for as many as nobody minds."""
    return int(probe.get("failureThreshold", 3))


def explains(look: Look, container: Container) -> bool:
    """Whether the kubelet ended the container, for a probe that failed, every time it ended.

    Where it did so before, an end that has only just come counts as one of these: its event may
    come after the pod's status.
    """
    end = last_end(container)
    if end is None:
        return False
    kills = sum(event.times for kind in FIELDS for event in kills_for(look, container, kind))
    late = kills and end.code in ENDED_BY_KUBELET and _is_recent(look, end)
    return kills >= end.times - (1 if late and end.state.get("reason") != "OOMKilled" else 0)


def may_explain(look: Look, container: Container) -> bool:
    """Whether the kubelet may just have ended the container for a probe, and is yet to say so."""
    end = last_end(container)
    if end is None or end.code not in ENDED_BY_KUBELET or not _is_recent(look, end):
        return False
    probes = [container.spec[FIELDS[kind]] for kind in ENDING if container.spec.get(FIELDS[kind])]
    return any((end.seconds or 0) >= _soonest(probe) for probe in probes)


def _soonest(probe: Object) -> int:
    """Seconds after a container's start at which a probe can end it at the soonest."""
    period, attempts = int(probe.get("periodSeconds", 10)), _enough(probe)
    return int(probe.get("initialDelaySeconds", 0)) + period * (attempts - 1)


def _is_recent(look: Look, end: Ended) -> bool:
    now, ended = look.objects.now, end.state.get("finishedAt")
    if now is None or not ended:
        return False
    return (now - moment(ended)).total_seconds() < EVENT_LAG


def kills_for(look: Look, container: Container, kind: str) -> list[Event]:
    """The events that tell of the kubelet killing a container as one of its probes failed."""
    return [
        event
        for event in look.events("Pod", container.pod_name, "Killing")
        if event.container == container.name and f"failed {kind} probe" in event.message
    ]


def failures(look: Look, container: Container, kind: str) -> list[Event]:
    """A probe's failures, as the kubelet tells them."""
    return [
        event
        for event in look.events("Pod", container.pod_name, "Unhealthy", "ProbeError")
        if event.container == container.name and event.message.lower().startswith(f"{kind} probe")
    ]


def _find_kills(look: Look, container: Container) -> Iterator[Finding]:
    for kind in ENDING:
        ends = kills_for(look, container, kind)
        kills = sum(event.times for event in ends)
        if not kills or (container.status.get("ready") and not _recurs(look, ends, kills)):
            continue
        probe = container.spec.get(FIELDS[kind]) or {}
        failed = failures(look, container, kind)
        answer = f": {_subject(probe)} {_predicate(failed[-1].message, probe)}" if failed else ""
        yield Finding(
            f"{kind.capitalize()}Probe",
            f"{container.of(look.name)} is restarted as its {kind} probe fails{answer}",
            where=container.where,
            seen=f"killed {times(kills)}",
            evidence=failed[-1].message if failed else "",
            likely=_allowance(probe) if kind == "startup" else "",
            next=_advice(container, kind, failed[-1].message if failed else ""),
            doomed=kills > 1,
        )


def _recurs(look: Look, ends: list[Event], kills: int) -> bool:
    """Whether a container that is ready now will be killed again before long.

    One whose only restart has helped has healed, and so has one that lives long enough since.
    """
    now, last = look.objects.now, ends[-1].last
    lived = (now - moment(last)).total_seconds() if now and last else HEALED
    return kills > 1 and lived < HEALED


def _failure_finding(
    look: Look, container: Container, kind: str, probe: Object, failed: list[Event]
) -> Finding:
    message = failed[-1].message
    wrong = sum(event.times for event in failed if _status(event.message) in _WRONG)
    passed = passed_probe(look, container, FIELDS[kind])
    elsewhere = f"{passed[0]} passed this probe {passed[1]:.0f} s after its start" if passed else ""
    return Finding(
        f"{kind.capitalize()}Probe",
        f"{container.of(look.name)} does not become ready: its {kind} probe fails, "
        f"{_subject(probe)} {_predicate(message, probe)}",
        where=container.where,
        seen=f"failed {times(sum(event.times for event in failed))}",
        evidence=message,
        likely=_unnamed_port(container, probe, message) or elsewhere,
        next=_advice(container, kind, message),
        # An app that is slow or in trouble may come, and a path may too, but not for ever.
        doomed=_unresolvable(message)
        or (wrong >= _enough(probe) and _is_late(look, container, probe, passed)),
    )


def _is_late(
    look: Look, container: Container, probe: Object, passed: tuple[str, float] | None
) -> bool:
    """Whether the container has run for longer than a path takes that comes at all."""
    began = (container.running or {}).get("startedAt")
    if not began or look.objects.now is None:
        return False
    patience = max(_LATE, _PERIODS * float(probe.get("periodSeconds", 10)))
    if passed:
        patience = min(patience, max(_LATER, _TIMES * passed[1]))
    return (look.objects.now - moment(began)).total_seconds() >= patience


def _status(message: str) -> int | None:
    found = re.search(r"statuscode: (\d+)", message)
    return int(found[1]) if found else None


def _subject(probe: Object) -> str:
    """What a probe asks for, as a clause's subject."""
    if "httpGet" in probe:
        get = probe["httpGet"]
        return f"GET {get.get('path', '/')} on port {get['port']}"
    if "tcpSocket" in probe:
        return f"port {probe['tcpSocket']['port']}"
    if "grpc" in probe:
        return f"gRPC on port {probe['grpc']['port']}"
    if "exec" in probe:
        return f"`{shlex.join(probe['exec'].get('command', []))}`"
    return "it"


def _predicate(message: str, probe: Object) -> str:
    """What came back, as a clause's predicate."""
    status = _status(message)
    if status:
        return f"is answered with {status}"
    if _unresolvable(message):
        return "can't be asked, as no container port has that name"
    if "connection refused" in message:
        return "is refused"
    if re.search("context deadline exceeded|Client.Timeout|i/o timeout|timed out", message):
        seconds = probe.get("timeoutSeconds", 1)
        return f"is not answered within {seconds} s"
    if "no route to host" in message or "connection reset" in message or "EOF" in message:
        return "is broken off"
    if "exec" in probe:
        lines = message.partition(": ")[2].strip().splitlines()
        return f'fails: "{lines[-1]}"' if lines else "fails"
    return "fails"


def _unresolvable(message: str) -> bool:
    # The kubelet takes a name that no port has for a number.
    return "strconv.Atoi: parsing" in message or "couldn't find port" in message


def _unnamed_port(container: Container, probe: Object, message: str) -> str:
    """A port that the probe asks and the container does not name, where nobody listens."""
    asked = next((probe[kind]["port"] for kind in ("httpGet", "tcpSocket") if kind in probe), None)
    ports = container.spec.get("ports") or []
    named = [each["containerPort"] for each in ports]
    names = [each.get("name") for each in ports]
    if asked is None or not named or asked in named or asked in names:
        return ""
    if "connection refused" not in message and not _unresolvable(message):
        return ""
    listed = ", ".join(
        f"{port} ({name})" if name else str(port) for port, name in zip(named, names, strict=True)
    )
    return f"the container names port {listed}, and not {asked}"


def _allowance(probe: Object) -> str:
    period, attempts = probe.get("periodSeconds", 10), probe.get("failureThreshold", 3)
    seconds = probe.get("initialDelaySeconds", 0) + period * attempts
    return f"the probe allows {seconds} s for the start, failureThreshold times periodSeconds"


def _advice(container: Container, kind: str, message: str) -> str:
    field = FIELDS[kind]
    if _status(message) in _WRONG:
        return f"mend {field}.httpGet.path, or let the app answer it"
    if _unresolvable(message):
        return f"mend the port of {field}, or name it in the container's ports"
    return f"kubectl logs {container.pod_name} -c {container.name}"
