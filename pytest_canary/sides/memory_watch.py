"""What the pods of canary and baseline hold in memory, from the canary's readiness on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_canary.analysis.memory import Memory
from pytest_canary.core.errors import CanaryError, ClusterError
from pytest_canary.k8s.objects import Object, app_container, containers, is_ready, pods_of
from pytest_canary.k8s.quantities import quantity_or_none
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.sides.memory_looks import (
    Held,
    MemoryLook,
    MemoryMeasure,
    counted_memory,
    memory_of,
    resident_set,
    working_set,
)
from pytest_canary.sides.pages import Page

if TYPE_CHECKING:
    from pytest_canary.analysis.prometheus import Metrics
    from pytest_canary.k8s.namespace_api import MeasuredPods
    from pytest_canary.k8s.observer import Observer
    from pytest_canary.sides.asked import AskedWhen
    from pytest_canary.sides.pages import Pages

# Seconds between two looks.
EVERY = 2.0

# Looks at all of them after which what nobody has told will not be told.
SILENT = 3


class MemoryWatch:
    """Looks at the pods' memory, in a thread of its own, until it is stopped.

    Args:
        deployments: the names of the tracks' Deployments.
        namespace: where their pods live; its kubelets are asked where pods tell nothing.
        observer: watches that namespace.
        pages: of the pods.
        images: of the app's versions, by which its container is known.
        asked: the names of the pods that are asked beside each other, by track; empty where all
            of a track's are. Those alone have the same load.
        clock: tells moments, in seconds from any beginning.
        every: seconds between two looks.
        count: tells bytes by the UIDs of pods, as the kernel of the run's own node counts them;
            None where nobody may ask a node.
    """

    def __init__(
        self,
        deployments: Mapping[str, str],
        namespace: MeasuredPods,
        observer: Observer,
        pages: Pages,
        images: Collection[str],
        asked: Callable[[], Mapping[str, Collection[str]]] = dict,
        clock: Callable[[], float] = time.monotonic,
        every: float = EVERY,
        count: Callable[[Collection[str]], Mapping[str, float]] | None = None,
    ) -> None:
        self._deployments = deployments
        self._namespace = namespace
        self._observer = observer
        self._pages = pages
        self._images = images
        self._asked = asked
        self._clock = clock
        self._every = every
        self._count = count
        self._looks: list[MemoryLook] = []
        self._last: dict[str, Page] = {}
        self._several: set[str] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="memory", daemon=True)

    def start(self) -> MemoryWatch:
        """Look from now on."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Look no more; what was seen stays."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()  # each request has its deadline

    def _keep_looking(self) -> None:
        while not self._stopped.is_set():
            with suppress(CanaryError):  # what lacks, the verdict tells
                self.look()
            self._stopped.wait(self._every)

    def look(self) -> None:
        """Ask the pods what they hold; their node or the kubelets where one of them doesn't tell.

        Raises:
            ClusterError: nobody knows what pods there are.
        """
        pods = [pod for track in self._deployments for pod in self._measured_pods(track)]
        names, at = [_name(pod) for pod in pods], self._clock()
        resident = {}
        for pod in pods:
            metrics = None if self._stopped.is_set() else self._pages.read(_name(pod))
            if metrics and metrics.resident is not None and self._tells(pod, at, metrics):
                resident[_name(pod)] = metrics.resident
        counted = {} if len(resident) == len(pods) else self._read_counts(pods)
        all_told = len(pods) in (len(resident), len(counted))
        working = {} if all_told else self._read_working_sets(pods)
        self._looks.append(MemoryLook(at, names, resident, counted, working))

    def _tells(self, pod: Object, at: float, metrics: Metrics) -> bool:
        """Whether a pod's page tells of all that it holds: of several processes it tells one's."""
        restarts = sum(container.restarts for container in containers(pod))
        name, page = _name(pod), Page(at, restarts, metrics)
        before = self._last.get(name)
        if before and before.is_anothers(page):
            self._several.add(name)
        self._last[name] = page
        return name not in self._several

    def _read_counts(self, pods: Sequence[Object]) -> Mapping[str, float]:
        if self._count is None or self._stopped.is_set():
            return {}
        names = {str(pod["metadata"]["uid"]): _name(pod) for pod in pods}
        with suppress(ClusterError):  # then the kubelets tell
            return {names[uid]: held for uid, held in self._count(names).items() if uid in names}
        return {}

    def _read_working_sets(self, pods: Sequence[Object]) -> Mapping[str, Held]:
        found: dict[str, Held] = {}
        for node in sorted({each for pod in pods if (each := _node(pod))}):
            with suppress(ClusterError):  # a shared cluster's users may not ask its kubelets
                found |= self._namespace.cluster.memory(node)
        return found

    def _pods_of(self, track: str) -> list[Object]:
        return pods_of(self._observer.snapshot().pods.values(), self._deployments[track])

    def _ready(self, track: str) -> list[Object]:
        return [pod for pod in self._pods_of(track) if is_ready(pod)]

    def _measured_pods(self, track: str) -> list[Object]:
        """The ready pods that have the same load as the other track's."""
        ready, asked = self._ready(track), self._asked().get(track, ())
        return [pod for pod in ready if _name(pod) in asked] or ready

    @property
    def pods(self) -> dict[str, list[str]]:
        """The names of the pods that are looked at by now, by track.

        Raises:
            ClusterError: nobody knows what pods there are.
        """
        return {
            track: [_name(pod) for pod in self._measured_pods(track)] for track in self._deployments
        }

    def tell(
        self, asked: AskedWhen, pods: Mapping[str, Sequence[str]]
    ) -> tuple[Memory | None, Memory | None]:
        """What pods of the baseline and the canary held, by the same measure.

        That is the apps' own or the node's, which are new at each look, or the kubelets', which
        look every 10 s or so. What was told of some of a track's pods and not of the others is
        left out.

        Args:
            asked: tells when requests were due, and by its clock when a reading was.
            pods: their names, by track, be they still there or not.

        Returns:
            None for both where no measure tells of them.

        Raises:
            ClusterError: nobody knows what pods there are.
        """
        now = asked.now()
        by_watch = now - self._clock()
        by_kubelet = now - self._namespace.cluster.now().timestamp()
        for measure, ahead in (
            (resident_set, by_watch),
            (counted_memory, by_watch),
            (working_set, by_kubelet),
        ):
            base, its = (self._readings(pods[track], measure, ahead) for track in (STABLE, CANARY))
            # A kubelet that tells of others will tell of a young pod too.
            if (base and its) or (measure is working_set and (base or its)):
                due = asked.due_times(0.0, now)
                ready = sum(len(self._ready(track)) for track in pods) or 1
                return (
                    memory_of(base, due.baseline, len(pods[STABLE]), due.shared, ready),
                    memory_of(
                        its,
                        due.canary,
                        len(pods[CANARY]),
                        due.shared,
                        ready,
                        self._limit(pods[CANARY]),
                    ),
                )
        everybody = {name for names in pods.values() for name in names}
        asked_all = sum(everybody <= set(look.pods) for look in tuple(self._looks))
        if all(pods.values()) and asked_all >= SILENT:
            return None, None
        return Memory(()), Memory(())

    def _readings(self, names: Sequence[str], measure: MemoryMeasure, ahead: float) -> list[Held]:
        if measure is resident_set and self._several.intersection(names):
            return []
        told = (measure(look, names) for look in tuple(self._looks))
        return [(at + ahead, held) for at, held in filter(None, told)]

    def _limit(self, names: Sequence[str]) -> float | None:
        """Bytes at which the canary's are ended, or their node is full; None where nobody knows."""
        limits = []
        # One that has just been ended at its limit is not ready.
        for pod in self._pods_of(CANARY):
            if _name(pod) in names:
                resources = app_container(pod, self._images).get("resources", {})
                limit = quantity_or_none(resources.get("limits", {}).get("memory"))
                limits.append(float(limit) if limit else self._of_nodes.get(_node(pod)))
        return min((limit for limit in limits if limit), default=None)

    @cached_property
    def _of_nodes(self) -> Mapping[str, float]:
        """What each node has for its pods, in bytes; empty where nobody may ask for nodes."""
        try:
            nodes = self._namespace.cluster.nodes()
        except ClusterError:
            return {}
        told = {
            _name(node): quantity_or_none(node["status"].get("allocatable", {}).get("memory"))
            for node in nodes
        }
        return {name: float(each) for name, each in told.items() if each}


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _node(pod: Object) -> str:
    """The node that it runs on."""
    return str(pod["spec"].get("nodeName", ""))
