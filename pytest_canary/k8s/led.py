"""From when and until when Services led connections to pods, one look after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pytest_canary.k8s.objects import Object, endpoints

CONTROLLER = "endpointslice-controller.k8s.io"
"""Who writes the EndpointSlices of a Service with a selector, as they say themselves."""


@dataclass(frozen=True)
class Stay:
    """A pod's time behind a Service, as the watch of EndpointSlices tells it.

    Attributes:
        since: when the Service began to lead to it; and so
        until: when it no longer did; infinite while it does.
        dropped: when that was written, as Unix time by the cluster's clock, in whole seconds; None
            while it does, and where none of its EndpointSlices is left to say so.
    """

    since: float
    until: float = math.inf
    dropped: float | None = None


class Led:
    """Remembers which pods the cluster's own EndpointSlices name as ready, by Service."""

    def __init__(self) -> None:
        self._now: frozenset[tuple[str, str]] = frozenset()
        self._stays: dict[tuple[str, str], Stay] = {}

    def record(self, slices: Iterable[Object], at: float) -> None:
        """Remember how all EndpointSlices are now."""
        own = [item for item in slices if is_clusters(item)]
        now = leads(own)
        for pair in now - self._now:
            self._stays[pair] = Stay(at)
        for pair in self._now - now:
            self._stays[pair] = replace(
                self._stays[pair], until=at, dropped=last_written(own, pair[0])
            )
        self._now = now

    def stays(self, service: str) -> Mapping[str, Stay]:
        """The last time behind a Service of each pod that was ever led to, by its name.

        Moments are those that `record` was told.
        """
        return {pod: stay for (name, pod), stay in list(self._stays.items()) if name == service}


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
