"""From when and until when Services led connections to pods, one look after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pytest_canary.k8s.objects import Object, endpoints

CONTROLLER = "endpointslice-controller.k8s.io"
"""Who writes the EndpointSlices of a Service with a selector, as they say themselves."""


@dataclass(frozen=True)
class Stay:
    """A pod's time behind a Service, as the watch of EndpointSlices tells it.

    Attributes:
        pod: its name.
        since: when the Service began to lead to it; and so
        until: when it no longer did; infinite while it does.
        dropped: when that was written, as Unix time by the cluster's clock, in whole seconds; None
            while it does, and where nothing says so.
    """

    pod: str
    since: float
    until: float = math.inf
    dropped: float | None = None


class Led:
    """Remembers which pods the cluster's own EndpointSlices name as ready, by Service."""

    def __init__(self) -> None:
        self._now: frozenset[tuple[str, str]] = frozenset()
        self._stays: dict[tuple[str, str], list[Stay]] = {}

    def record(self, slices: Iterable[Object], at: float, *, listed: bool = False) -> None:
        """Remember how all EndpointSlices are now.

        Args:
            slices: all there are.
            at: the moment.
            listed: whether they were asked for, as after a watch that broke off: what was written
                last is not what has changed, then.
        """
        own = [item for item in slices if is_clusters(item)]
        now = leads(own)
        for service, pod in now - self._now:
            self._stays.setdefault((service, pod), []).append(Stay(pod, at))
        for service, pod in self._now - now:
            dropped = None if listed else last_written(own, service)
            stays = self._stays[service, pod]
            stays[-1] = replace(stays[-1], until=at, dropped=dropped)
        self._now = now

    def stays(self, service: str) -> Sequence[Stay]:
        """Each time behind a Service of each pod; of one pod, in their order.

        Moments are those that `record` was told.
        """
        return [
            stay
            for (name, _), stays in list(self._stays.items())
            if name == service
            for stay in list(stays)
        ]


def is_clusters(item: Object) -> bool:
    """Whether an EndpointSlice is one that Kubernetes' own controller writes."""
    labels = item["metadata"].get("labels", {})
    return bool(labels.get("endpointslice.kubernetes.io/managed-by") == CONTROLLER)


def leads(slices: Iterable[Object]) -> frozenset[tuple[str, str]]:
    """Each Service that leads to a pod, with the pod's name."""
    return frozenset(
        (name, pod)
        for item in slices
        if (name := _service(item))
        for pod in endpoints([item], name)
    )


def last_written(slices: Iterable[Object], service: str) -> float | None:
    """When a Service's EndpointSlices were last written; None where nothing says so."""
    times = [
        datetime.fromisoformat(entry["time"]).timestamp()
        for item in slices
        if _service(item) == service
        for entry in item["metadata"].get("managedFields") or []
        if entry.get("time")
    ]
    return max(times, default=None)


def _service(item: Object) -> str:
    return str(item["metadata"].get("labels", {}).get("kubernetes.io/service-name", ""))
