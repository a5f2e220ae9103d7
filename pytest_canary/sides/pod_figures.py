"""What one version's pods tell of themselves in a window, besides their answers."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_canary.analysis import prometheus
from pytest_canary.k8s.namespace_api import MeasuredPods
from pytest_canary.k8s.objects import (
    Object,
    containers,
    is_ending,
    is_over,
    is_ready,
    pods_of,
    ready_since,
)
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.terminations import last_termination
from pytest_canary.sides.pages import Page, Pages


class PodFigures:
    """Restarts, readiness and counters of a Deployment's pods from its making on.

    Args:
        deployment: the name of their Deployment.
        namespace: where they live.
        observer: watches that namespace.
        pages: of the pods.

    Attributes:
        several_processes: whether several answer behind a pod's /metrics.
    """

    def __init__(
        self,
        deployment: str,
        namespace: MeasuredPods,
        observer: Observer,
        pages: Pages,
    ) -> None:
        self.several_processes = False
        self._deployment = deployment
        self._namespace = namespace
        self._observer = observer
        self._pages = pages
        self._began = observer.now()
        self._last: dict[str, Page] = {}
        self._readings = 0
        self._grown: list[dict[str, float]] = []
        # Those that were not ready at the last reading but one, and at the last.
        self._lacking: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        pods = self._pods()
        self._at_first = frozenset(pod for pod, _, ready in pods if ready)
        self._restarts = {pod: count for pod, count, _ in pods}

    def measure(self, now: float) -> None:
        """Ask every ready pod for its metrics.

        Args:
            now: the moment of this reading, in seconds from any beginning.
        """
        grown: list[dict[str, float]] = []
        pods = self._pods()
        self._lacking = self._lacking[1], frozenset(pod for pod, _, ready in pods if not ready)
        for pod, restarts, ready in pods:
            metrics = self._pages.read(pod) if ready else None
            if metrics:
                before, page = self._last.get(pod), Page(now, restarts, metrics)
                if before:
                    self.several_processes |= before.is_anothers(page)
                    grown.append(prometheus.errors_counted(before.metrics, metrics))
                self._last[pod] = page
        # Also where no page came: the other version's readings are paired with these.
        if self._readings:
            self._grown.append(prometheus.together(grown))
        self._readings += 1

    @property
    def pods(self) -> int:
        """How many run, one at least: neither ended, nor on their way out."""
        return max(len(self._alive()), 1)

    @property
    def age(self) -> float:
        """Seconds for which the youngest of them has been ready; 0 where none is."""
        pods = pods_of(self._observer.snapshot().pods.values(), self._deployment)
        moments = [since for pod in pods if (since := ready_since(pod))]
        now = self._namespace.cluster.now()
        return max(0.0, (now - max(moments)).total_seconds()) if moments else 0.0

    @property
    def restarts(self) -> int:
        """Of their containers; a pod that was evicted or deleted counts as one."""
        return self.restarts_in_place + self._replaced

    @property
    def restarts_in_place(self) -> int:
        """Of the containers of the pods that are there; for pods that are being replaced."""
        return sum(self._restarted.values())

    @property
    def ended(self) -> str:
        """How one of them ended that was restarted since, in words; empty without any."""
        again = self._restarted
        pods = [pod for name, pod in self._observer.snapshot().pods.items() if name in again]
        return next((text for pod in pods if (text := last_termination(pod))), "")

    @property
    def unready(self) -> int:
        """How often one of them lost readiness."""
        return self._observer.readiness_lost(self._at_first, self._began)

    @property
    def away(self) -> int:
        """How many that were ready at first are there, and were not ready at two readings running.

        A probe that is late once is no matter.
        """
        return len((self._at_first & self._lacking[0] & self._lacking[1]) - self._gone)

    @property
    def counters(self) -> dict[str, list[float]] | None:
        """By how much counters of things gone wrong grew, reading by reading; None without any."""
        if not self._last:
            return None
        names = {name for grown in self._grown for name in grown}
        return {name: [grown.get(name, 0.0) for grown in self._grown] for name in names}

    @property
    def read_at(self) -> float:
        """Up to when all of them are known: the oldest of the pods' last pages; 0 without any.

        A pod that is gone counts nothing any more, so that its last page keeps nobody back.
        """
        there = {pod for pod, _, _ in self._pods()}
        return min((page.at for pod, page in self._last.items() if pod in there), default=0.0)

    @property
    def _restarted(self) -> dict[str, int]:
        """How often containers of each pod were restarted since, where any was."""
        since = {pod: count - self._restarts.get(pod, 0) for pod, count, _ in self._pods()}
        return {pod: times for pod, times in since.items() if times > 0}

    @property
    def _replaced(self) -> int:
        """How many pods were evicted or deleted since: another one starts, with no restarts."""
        return len(self._gone)

    @property
    def _gone(self) -> frozenset[str]:
        """Those that were ready at first and are evicted or deleted."""
        return self._at_first - {str(pod["metadata"]["name"]) for pod in self._alive()}

    def _alive(self) -> list[Object]:
        pods = pods_of(self._observer.snapshot().pods.values(), self._deployment)
        return [pod for pod in pods if not (is_ending(pod) or is_over(pod))]

    def _pods(self) -> Sequence[tuple[str, int, bool]]:
        """The pods: name, restarts, whether it is ready."""
        pods = self._observer.snapshot().pods.values()
        return [
            (
                str(pod["metadata"]["name"]),
                sum(container.restarts for container in containers(pod)),
                is_ready(pod),
            )
            for pod in pods_of(pods, self._deployment)
        ]
