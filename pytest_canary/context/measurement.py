"""The time in which canary and baseline are compared: the same moments, under the same load."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.analysis import prometheus
from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.prometheus import Metrics
from pytest_canary.analysis.verdict import Judge, Verdict, schedule
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ApiError, ClusterError, ReleaseError
from pytest_canary.core.waiting import Seen
from pytest_canary.k8s.rollout import containers, is_ready, pods_of
from pytest_canary.release.release import CANARY, STABLE, Release
from pytest_canary.traffic import Traffic

Object = Mapping[str, Any]


@dataclass
class _Track:
    """What is measured of one version's pods, besides its requests.

    Attributes:
        first, last: each pod's page of metrics, by its name.
        began: the pods that were ready when the window began.
        restarts: of each pod's containers then.
        resident: seconds and bytes, as the pods' own pages tell; and so `working` by the kubelet.
        paged: whether a pod has answered with such a page.
    """

    version: str
    first: dict[str, Metrics] = field(default_factory=dict)
    last: dict[str, Metrics] = field(default_factory=dict)
    began: frozenset[str] = frozenset()
    restarts: dict[str, int] = field(default_factory=dict)
    resident: list[tuple[float, float]] = field(default_factory=list)
    working: list[tuple[float, float]] = field(default_factory=list)
    paged: bool = False


class Window:
    """Looks at both versions from its making on.

    Args:
        release: the two Deployments.
        traffic: asks both.
        settings: the verdict's limits, and where an app tells its metrics.
        versions: what each calls itself, by "baseline" and "candidate".
        port: tells the port that a pod listens on, by its name.
    """

    def __init__(
        self,
        release: Release,
        traffic: Traffic,
        settings: Settings,
        versions: Mapping[str, str],
        port: Callable[[str], int],
    ) -> None:
        self.release = release
        self.traffic = traffic
        self.settings = settings
        self.port = port
        self.clock = release.waiter.clock
        self.tracks = {
            STABLE: _Track(versions["baseline"]),
            CANARY: _Track(versions["candidate"]),
        }
        self.began, self._from = self.clock.monotonic(), traffic.now()
        for name, track in self.tracks.items():
            pods = self._pods(name)
            track.began = frozenset(pod for pod, _, ready in pods if ready)
            track.restarts = {pod: count for pod, count, _ in pods}
        self.measure()

    def judge(self) -> Verdict:
        """Look as often as the judge may, until the verdict is final.

        Raises:
            TrafficError: the traffic broke off.
        """
        limits = self.settings.verdict
        judge, moments = Judge(limits), iter(schedule(limits))
        due = next(moments)
        last: Verdict | None = None

        def look() -> Seen[Verdict | None]:
            nonlocal due, last
            passed = self.clock.monotonic() - self.began
            if passed >= due:
                self.measure()
                last = judge.look(*self.observed())
                due = next(moments, due)
            text = last.text if last else f"{passed:.0f} s of at most {limits.seconds:g}"
            return Seen(text, last is not None and last.final, last)

        # Half a minute for the looks themselves, which ask every pod.
        verdict = self.release.waiter.until(
            "the verdict",
            look,
            timeout=limits.seconds + 30,
            change=lambda seconds: self.clock.sleep(min(seconds, 0.25)),
        )
        assert verdict  # noqa: S101 (it is final)
        return verdict

    def observed(self) -> tuple[Observed, Observed]:
        """Baseline and canary, from the window's beginning until now."""
        # What was due a moment ago has its answer, unless it is slow beyond measure.
        end = self.traffic.now() - self.settings.traffic.slow
        seen = self.traffic.window(self._from, end).versions
        latencies = self.traffic.latencies(self._from, end)
        until = self.traffic.window(self._from, self._measured).versions
        sources = [
            [track.resident for track in self.tracks.values()],
            [track.working for track in self.tracks.values()],
        ]
        # Both by the same measure; the app's own is newer, as a kubelet looks every 10 s or so.
        chosen = next((source for source in sources if all(source)), None)
        found = []
        for number, (name, track) in enumerate(self.tracks.items()):
            counted = seen.get(track.version)
            sent = counted.sent - counted.in_flight if counted else 0
            pods = list(self._pods(name))
            found.append(
                Observed(
                    requests=sent,
                    errors=counted.lost if counted else 0,
                    latencies=latencies.get(track.version, []),
                    restarts=sum(max(n - track.restarts.get(pod, 0), 0) for pod, n, _ in pods)
                    + self._replaced(name, track),
                    pods=max(len(pods), 1),
                    memory=chosen[number] if chosen else None,
                    counters=self._counted(track),
                    counted=until[track.version].sent if track.version in until else 0,
                )
            )
        return found[0], found[1]

    def _replaced(self, name: str, track: _Track) -> int:
        """How many pods were evicted or deleted since: another one starts, with no restarts."""
        pods = pods_of(self.release.observer.snapshot().pods.values(), self.release.name(name))
        alive = {
            str(pod["metadata"]["name"])
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
            and pod["status"].get("phase") not in ("Failed", "Succeeded")
        }
        return len(track.began - alive)

    def _counted(self, track: _Track) -> dict[str, float] | None:
        if not track.paged:
            return None
        return prometheus.together(
            prometheus.errors_counted(track.first[pod], page) for pod, page in track.last.items()
        )

    # What is measured.

    def measure(self) -> None:
        """Ask every ready pod for its metrics, and the kubelets for the pods' memory."""
        now = self.clock.monotonic() - self.began
        working = self._working()
        for name, track in self.tracks.items():
            held, kept = [], []
            for pod, _, ready in self._pods(name):
                page = self._page(pod) if ready else None
                if page:
                    track.paged = True
                    track.first.setdefault(pod, page)
                    track.last[pod] = page
                    if page.resident is not None:
                        held.append(page.resident)
                if pod in working:
                    kept.append(working[pod])
            if held:
                track.resident.append((now, sum(held) / len(held)))
            if kept:
                at = max(moment for moment, _ in kept)
                track.working.append((at, sum(bytes_ for _, bytes_ in kept) / len(kept)))
        self._measured = self.traffic.now()

    def _pods(self, name: str) -> Sequence[tuple[str, int, bool]]:
        """A track's pods: name, restarts, whether it is ready."""
        pods = self.release.observer.snapshot().pods.values()
        return [
            (
                str(pod["metadata"]["name"]),
                sum(restarts for _, restarts in containers(pod)),
                is_ready(pod),
            )
            for pod in pods_of(pods, self.release.name(name))
        ]

    def _page(self, pod: str) -> Metrics | None:
        try:
            base, session = self.release.namespace.proxy(pod, self.port(pod))
        except ReleaseError:
            return None  # the Service does not know it yet
        path = self.settings.api.metrics
        # A path that answers with something else is no page of metrics; many apps have none.
        try:
            response = session.get(
                base + path,
                headers={"Accept": "text/plain; version=0.0.4"},
                timeout=self.settings.deadlines.request,
            )
            return prometheus.read(response.text, path) if response.ok else None
        except (ApiError, OSError):
            return None
        finally:
            session.close()

    def _working(self) -> dict[str, tuple[float, float]]:
        """Seconds since the epoch and bytes of each pod, as the kubelets tell."""
        pods = self.release.observer.snapshot().pods.values()
        mine = [pod for name in self.tracks for pod in pods_of(pods, self.release.name(name))]
        nodes = {str(pod["spec"]["nodeName"]) for pod in mine if "nodeName" in pod["spec"]}
        found: dict[str, tuple[float, float]] = {}
        for node in sorted(nodes):
            try:
                found |= self.release.namespace.cluster.memory(node)
            except ClusterError:
                continue  # a shared cluster's users may not ask its kubelets
        return found
