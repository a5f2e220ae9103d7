"""How a pod's containers end when the pod is deleted: a pure reader."""

from __future__ import annotations

import datetime
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_canary.k8s.objects import Object, container_status, containers, is_ending

# What the API takes where a pod does not say how long it may take to end.
GRACE = 30


@dataclass(frozen=True)
class Killed:
    """A container that did not end when it was told to, and was killed when its time was over.

    Attributes:
        pod, container: which.
        image: as the pod's spec names it.
        seconds: from when it was told to end until it was killed.
    """

    pod: str
    container: str
    image: str
    seconds: int


def killed_containers(pod: Object) -> Iterator[Killed]:
    """The containers of a pod that were killed at the end of its own grace period.

    What a memory limit kills meanwhile is none of them, and nothing is where whoever deleted the
    pod gave it another time than the pod asks for. The times are the cluster's, to the second.
    """
    metadata, spec = pod["metadata"], pod.get("spec", {})
    grace = metadata.get("deletionGracePeriodSeconds")
    asked = spec.get("terminationGracePeriodSeconds", GRACE)
    if not is_ending(pod) or not grace or grace != asked:
        return
    for container in spec["containers"]:
        ended = container_status(pod, container["name"]).get("state", {}).get("terminated", {})
        if ended.get("exitCode") != 128 + signal.SIGKILL or ended.get("reason") == "OOMKilled":
            continue
        if not ended.get("finishedAt"):
            continue
        # The timestamp is when its time is over.
        late = _moment(ended["finishedAt"]) - _moment(metadata["deletionTimestamp"])
        seconds = int(grace + late.total_seconds())
        if seconds >= grace - 1:
            yield Killed(metadata["name"], container["name"], container["image"], seconds)


def told_to_end(pod: Object) -> float | None:
    """When a pod was told to end, as Unix time by the cluster's clock; None where it was not."""
    metadata = pod["metadata"]
    if not is_ending(pod):
        return None
    # The timestamp is when its time is over.
    grace = metadata.get("deletionGracePeriodSeconds") or 0
    return _moment(metadata["deletionTimestamp"]).timestamp() - float(grace)


def last_termination(pod: Object) -> str:
    """How the container of a pod ended that ended last, in words; empty where none has.

    One that has been started again tells of the time before.
    """
    found = [
        told
        for each in containers(pod)
        for state in ("lastState", "state")
        if (told := each.status.get(state, {}).get("terminated"))
    ]
    if not found:
        return ""
    last = max(found, key=lambda told: str(told.get("finishedAt") or ""))
    if last.get("reason") == "OOMKilled":
        return "was killed, as it held more memory than it may (OOMKilled)"
    return f"ended with exit code {last.get('exitCode', 0)}"


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)
