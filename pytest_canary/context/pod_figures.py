"""What one version's pods tell of themselves in a window, besides their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_canary.analysis import prometheus
from pytest_canary.analysis.prometheus import Metrics
from pytest_canary.api.client import Api
from pytest_canary.config.settings import Request, Settings
from pytest_canary.core.errors import ApiError, ReleaseError
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.objects import containers, is_over, is_ready, pods_of, ready_since
from pytest_canary.k8s.observer import Observer

# What pages of metrics are asked for as.
TEXT_FORMAT = {"Accept": "text/plain; version=0.0.4"}

# Seconds and bytes of a pod.
Held = tuple[float, float]


class PodFigures:
    """Restarts, readiness, memory and counters of a Deployment's pods from its making on.

    Args:
        deployment: the name of their Deployment.
        namespace: where they live; asks them for their metrics.
        observer: watches that namespace.
        settings: tell where an app shows its metrics.
        port: tells the port that a pod listens on, by its name.

    Attributes:
        resident: seconds and bytes of a pod on average, as the pods' own pages tell.
        working: the same, as the kubelets tell.
    """

    def __init__(
        self,
        deployment: str,
        namespace: Namespace,
        observer: Observer,
        settings: Settings,
        port: Callable[[str], int],
    ) -> None:
        self.resident: list[Held] = []
        self.working: list[Held] = []
        self._deployment = deployment
        self._namespace = namespace
        self._observer = observer
        self._settings = settings
        self._port = port
        self._began = observer.now()
        self._pages: dict[str, tuple[float, Metrics]] = {}
        self._grown: list[dict[str, float]] = []
        pods = self._pods()
        self._at_first = frozenset(pod for pod, _, ready in pods if ready)
        self._restarts = {pod: count for pod, count, _ in pods}

    def measure(self, now: float, working: Mapping[str, Held]) -> None:
        """Ask every ready pod for its metrics.

        Args:
            now: the moment of this reading, in seconds from any beginning.
            working: what the kubelets tell of each pod.
        """
        held, kept = [], []
        grown: list[dict[str, float]] = []
        for pod, _, ready in self._pods():
            page = self._page(pod) if ready else None
            if page:
                if pod in self._pages:
                    grown.append(prometheus.errors_counted(self._pages[pod][1], page))
                self._pages[pod] = now, page
                if page.resident is not None:
                    held.append(page.resident)
            if pod in working:
                kept.append(working[pod])
        if grown:
            self._grown.append(prometheus.together(grown))
        if held:
            self.resident.append((now, sum(held) / len(held)))
        if kept:
            at = max(moment for moment, _ in kept)
            self.working.append((at, sum(bytes_ for _, bytes_ in kept) / len(kept)))

    @property
    def pods(self) -> int:
        """How many there are, one at least."""
        return max(len(self._pods()), 1)

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
        again = sum(max(count - self._restarts.get(pod, 0), 0) for pod, count, _ in self._pods())
        return again + self._replaced

    @property
    def unready(self) -> int:
        """How often one of them lost readiness."""
        return self._observer.readiness_lost(self._at_first, self._began)

    @property
    def counters(self) -> dict[str, list[float]] | None:
        """By how much counters of things gone wrong grew, reading by reading; None without any."""
        if not self._pages:
            return None
        names = {name for grown in self._grown for name in grown}
        return {name: [grown.get(name, 0.0) for grown in self._grown] for name in names}

    @property
    def read_at(self) -> float:
        """Up to when all of them are known: the oldest of the pods' last pages; 0 without any.

        A pod that is gone counts nothing any more, so that its last page keeps nobody back.
        """
        there = {pod for pod, _, _ in self._pods()}
        return min((at for pod, (at, _) in self._pages.items() if pod in there), default=0.0)

    @property
    def _replaced(self) -> int:
        """How many pods were evicted or deleted since: another one starts, with no restarts."""
        pods = pods_of(self._observer.snapshot().pods.values(), self._deployment)
        alive = {
            str(pod["metadata"]["name"])
            for pod in pods
            if not (pod["metadata"].get("deletionTimestamp") or is_over(pod))
        }
        return len(self._at_first - alive)

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

    def _page(self, pod: str) -> Metrics | None:
        try:
            base, session = self._namespace.proxy(pod, self._port(pod))
        except ReleaseError:
            return None  # the Service does not know it yet
        settings = self._settings
        api = Api(base, settings.api, settings.deadlines.request, session, f"pod {pod}")
        wanted = Request(method="GET", path=settings.api.metrics, headers=TEXT_FORMAT)
        # A path that answers with something else is no page of metrics; many apps have none.
        try:
            return prometheus.read(api.expect(wanted).text, wanted.path)
        except ApiError:
            return None
        finally:
            session.close()
