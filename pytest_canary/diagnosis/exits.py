"""Containers that end: from their last states and logs to what ended them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.log_lines import quoted
from pytest_canary.diagnosis.subject import LogKey, Look, moment, times
from pytest_canary.k8s.objects import Container, Object

# What runc and containerd refuse to start: the command, the folder, the user, never the moment.
UNSTARTABLE = ("StartError", "ContainerCannotRun", "RunContainerError")
LINES = 20
# The kubelet's own words in place of a log that it has deleted with its container.
_NO_LOG = ("unable to retrieve container logs", "failed to try resolving symlinks in path")


@dataclass(frozen=True)
class Ended:
    """The last end of a container that is not ready again.

    Attributes:
        state: the terminated state.
        previous: whether the container was started again since, or waits to be.
        times: how often it has ended in all.
    """

    state: Object
    previous: bool
    times: int

    @property
    def code(self) -> int:
        """The exit code; more than 128 for a signal."""
        return int(self.state.get("exitCode", 0))

    @property
    def seconds(self) -> float | None:
        """How long it ran, to the second; None where that isn't told."""
        began, ended = self.state.get("startedAt"), self.state.get("finishedAt")
        # A process that never began is said to have begun in 1970.
        if not began or not ended or str(began).startswith("1970"):
            return None
        return (moment(ended) - moment(began)).total_seconds()


def last_end(container: Container) -> Ended | None:
    """The container's last end, where that is to be looked at.

    Not looked at: an init container that has done its work, and a container that is ready again.
    """
    status = container.status
    now = status.get("state", {}).get("terminated")
    before = status.get("lastState", {}).get("terminated")
    state = now or before
    if not state or status.get("ready"):
        return None
    if container.init and now and now.get("exitCode") == 0:
        return None
    # A restart is counted when it has begun, so one that runs has ended as often as it restarted.
    ends = container.restarts + (0 if container.running else 1)
    return Ended(state, previous=now is None, times=max(ends, 1))


def wanted_logs(container: Container) -> list[LogKey]:
    """The logs that would tell why the container ended."""
    end = last_end(container)
    if end is None or end.state.get("reason") in UNSTARTABLE:
        return []
    pod, name = container.pod_name, container.name
    if end.previous:
        return [(pod, name, True)]
    # Of two ends the log of the first may be gone already, and is read where it isn't.
    return [(pod, name, False)] + ([(pod, name, True)] if container.restarts else [])


def find(look: Look, container: Container) -> Iterator[Finding]:
    """Why a container that had begun has ended."""
    end = last_end(container)
    if end is None or end.state.get("reason") in UNSTARTABLE:
        return
    if end.state.get("reason") == "OOMKilled":
        yield _out_of_memory(look, container, end)
    else:
        yield _exited(look, container, end)


def _exited(look: Look, container: Container, end: Ended) -> Finding:
    log, evidence = _logs(look, container, end)
    return Finding(
        "ContainerExited" if end.code else "ContainerEnded",
        f"{container.of(look.name)} {_how(end)} {_when(end)}{_forbidden(container, end) or log}",
        where=container.where,
        seen=restarted(container),
        evidence=evidence,
        likely=_format(evidence)
        or _unhealthy(look, container, end)
        or unchanged_settings(look, container),
        next=_read(container, end),
        # One end may heal: a database that isn't there yet, a file that is written meanwhile.
        doomed=end.times > 1,
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
    failed = [
        event
        for event in look.events("Pod", container.pod_name, "Unhealthy")
        if event.container == container.name and event.message.startswith("Liveness")
    ]
    if not failed or end.code not in (128 + signal.SIGKILL, 128 + signal.SIGTERM):
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
        seen=restarted(container),
        evidence=evidence,
        next=advice,
        doomed=end.times > 1,
    )


def _logs(look: Look, container: Container, end: Ended) -> tuple[str, str]:
    """The log's telling line for the sentence, and its last lines as evidence."""
    pod, name = container.pod_name, container.name
    this = _log(look, (pod, name, end.previous))
    # Of a container that waits, either name leads to the log of its last run.
    other = _log(look, (pod, name, not end.previous))
    if not this or (end.previous and not container.running):
        this, other = this or other, ""
    if end.previous and container.running:
        other = ""  # the run that still goes on has nothing to do with that end
    lines = _labelled("log", this)
    if other and other != this:
        lines += _labelled("log of the run before", other)
    return quoted(this) or quoted(other), "\n".join(lines)


def _log(look: Look, key: LogKey) -> str:
    log = look.objects.logs.get(key, "").strip("\n")
    return "" if log.startswith(_NO_LOG) else log


def _labelled(label: str, log: str) -> list[str]:
    return [f"{label}:", *log.splitlines()[-LINES:]] if log else []


def restarted(container: Container) -> str:
    """How often a container was started again, for a finding."""
    return f"restarted {times(container.restarts)}" if container.restarts else "not restarted yet"


def _read(container: Container, end: Ended) -> str:
    previous = " --previous" if end.previous else ""
    return f"kubectl logs {container.pod_name} -c {container.name}{previous}"


def unchanged_settings(look: Look, container: Container) -> str:
    """The image as the likely cause, where another Deployment runs with the same settings."""
    for name, deployment in sorted(look.objects.snapshot.deployments.items()):
        spec = deployment["spec"]["template"]["spec"]
        ready = deployment.get("status", {}).get("readyReplicas", 0)
        if name == look.name or not ready:
            continue
        own = look.deployment["spec"]["template"]["spec"]
        if _settings(spec, container.name) == _settings(own, container.name) and (
            _image(spec, container.name) != container.spec["image"]
        ):
            return f"{name} runs with the same settings, so look at what changed in the image"
    return ""


def _settings(spec: Object, name: str) -> Object | None:
    """All that a container's spec says but its image; None where the pod has none of the name."""
    for each in [*(spec.get("initContainers") or []), *spec["containers"]]:
        if each["name"] == name:
            return {key: value for key, value in each.items() if key != "image"}
    return None


def _image(spec: Object, name: str) -> str:
    listed = [*(spec.get("initContainers") or []), *spec["containers"]]
    return next((str(each["image"]) for each in listed if each["name"] == name), "")
