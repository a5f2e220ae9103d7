"""How a container has ended, how often, and what it has said: readers that conclude nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_canary.diagnosis.subject import LogKey, Objects, moment, times
from pytest_canary.k8s.objects import Container, Object

# What runc and containerd refuse to start: the command, the folder, the user, never the moment.
UNSTARTABLE = ("StartError", "ContainerCannotRun", "RunContainerError")
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


def describe_restarts(container: Container) -> str:
    """How often a container was started again, for a finding."""
    return f"restarted {times(container.restarts)}" if container.restarts else "not restarted yet"


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


def last_logs(objects: Objects, container: Container, end: Ended) -> tuple[str, str]:
    """The log of the container's last run that ended, and that of the one before; or empty."""
    pod, name = container.pod_name, container.name
    this = _log(objects, (pod, name, end.previous))
    # Of a container that waits, either name leads to the log of its last run.
    other = _log(objects, (pod, name, not end.previous))
    if not this or (end.previous and not container.running):
        this, other = this or other, ""
    if end.previous and container.running:
        other = ""  # the run that still goes on has nothing to do with that end
    return this, other


def _log(objects: Objects, key: LogKey) -> str:
    log = objects.logs.get(key, "").strip("\n")
    return "" if log.startswith(_NO_LOG) else log
