"""Until when Services led connections to pods, one look after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pytest_canary.k8s.objects import Object, endpoints

CONTROLLER = "endpointslice-controller.k8s.io"
"""Who writes the EndpointSlices of a Service with a selector, as they say themselves."""


class Led:
    """Remembers which pods the cluster's own EndpointSlices name as ready, by Service."""

    def __init__(self) -> None:
        self._now: frozenset[tuple[str, str]] = frozenset()
        self._until: dict[tuple[str, str], float] = {}

    def record(self, slices: Iterable[Object], at: float) -> None:
        """Remember how all EndpointSlices are now."""
        now = leads(slices)
        self._until.update(dict.fromkeys(self._now - now, at))
        self._now = now

    def until(self, service: str, pod: str) -> float | None:
        """When a Service had last stopped to lead to a pod: infinite while it does, None if never.

        It is the time that `record` was told.
        """
        pair = (service, pod)
        return math.inf if pair in self._now else self._until.get(pair)


def leads(slices: Iterable[Object]) -> frozenset[tuple[str, str]]:
    """Each Service that the cluster leads to a pod, with the pod's name."""
    own = [
        item
        for item in slices
        if item["metadata"].get("labels", {}).get("endpointslice.kubernetes.io/managed-by")
        == CONTROLLER
    ]
    services = {item["metadata"]["labels"].get("kubernetes.io/service-name", "") for item in own}
    return frozenset((name, pod) for name in services for pod in endpoints(own, name))
