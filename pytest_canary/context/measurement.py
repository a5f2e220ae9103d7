"""Canary against baseline: what is measured of both at the same moments, under the same load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_canary.analysis import prometheus
from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.prometheus import Metrics
from pytest_canary.analysis.verdict import Judge, Verdict, schedule
from pytest_canary.api.client import Api
from pytest_canary.config.settings import Request, Settings
from pytest_canary.core.errors import ApiError, ClusterError, ReleaseError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.objects import containers, is_ready, pods_of
from pytest_canary.k8s.observer import Observer
from pytest_canary.traffic import Traffic

# What pages of metrics are asked for as.
TEXT_FORMAT = {"Accept": "text/plain; version=0.0.4"}


@dataclass(frozen=True)
class Measured:
    """One of the two that are measured.

    Attributes:
        deployment: the name of its Deployment.
        version: what it calls itself in its answers.
    """

    deployment: str
    version: str


@dataclass
class _Figures:
    """What is measured of one version's pods, besides its requests.

    Attributes:
        of: whose pods they are.
        first, last: each pod's page of metrics, by its name.
        at_first: the pods that were ready when the window began.
        restarts: of each pod's containers then.
        resident: seconds and bytes, as the pods' own pages tell; and so `working` by the kubelet.
        paged: whether a pod has answered with such a page.
    """

    of: Measured
    first: dict[str, Metrics] = field(default_factory=dict)
    last: dict[str, Metrics] = field(default_factory=dict)
    at_first: frozenset[str] = frozenset()
    restarts: dict[str, int] = field(default_factory=dict)
    resident: list[tuple[float, float]] = field(default_factory=list)
    working: list[tuple[float, float]] = field(default_factory=list)
    paged: bool = False


class Measurement:
    """Measures canary and baseline from its making on, in one window.

    Args:
        namespace: where their pods live; asks these for their metrics, and kubelets for memory.
        observer: watches that namespace.
        waiter: waits for the moments at which to look.
        traffic: asks both.
        settings: the verdict's limits, and where an app tells its metrics.
        baseline: the version that is live.
        canary: the candidate.
        port: tells the port that a pod listens on, by its name.
    """

    def __init__(
        self,
        namespace: Namespace,
        observer: Observer,
        waiter: Waiter,
        traffic: Traffic,
        settings: Settings,
        *,
        baseline: Measured,
        canary: Measured,
        port: Callable[[str], int],
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.waiter = waiter
        self.traffic = traffic
        self.settings = settings
        self.port = port
        self.clock = waiter.clock
        self._baseline, self._canary = _Figures(baseline), _Figures(canary)
        self.began, self._from = self.clock.monotonic(), traffic.now()
        for figures in (self._baseline, self._canary):
            pods = self._pods(figures.of)
            figures.at_first = frozenset(pod for pod, _, ready in pods if ready)
            figures.restarts = {pod: count for pod, count, _ in pods}
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
        verdict = self.waiter.until(
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
        totals = self.traffic.window(self._from, end).versions
        latencies = self.traffic.latencies(self._from, end)
        when_read = self.traffic.window(self._from, self._measured).versions
        both = self._baseline, self._canary
        sources = [[each.resident for each in both], [each.working for each in both]]
        # Both by the same measure; the app's own is newer, as a kubelet looks every 10 s or so.
        chosen = next((source for source in sources if all(source)), (None, None))
        found = []
        for figures, memory in zip(both, chosen, strict=True):
            version = figures.of.version
            total = totals.get(version)
            pods = self._pods(figures.of)
            found.append(
                Observed(
                    requests=total.sent - total.in_flight if total else 0,
                    errors=total.lost if total else 0,
                    latencies=latencies.get(version, []),
                    restarts=sum(max(n - figures.restarts.get(pod, 0), 0) for pod, n, _ in pods)
                    + self._replaced(figures),
                    pods=max(len(pods), 1),
                    memory=memory,
                    counters=self._counted(figures),
                    counted=when_read[version].sent if version in when_read else 0,
                )
            )
        return found[0], found[1]

    def _replaced(self, figures: _Figures) -> int:
        """How many pods were evicted or deleted since: another one starts, with no restarts."""
        pods = pods_of(self.observer.snapshot().pods.values(), figures.of.deployment)
        alive = {
            str(pod["metadata"]["name"])
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
            and pod["status"].get("phase") not in ("Failed", "Succeeded")
        }
        return len(figures.at_first - alive)

    def _counted(self, figures: _Figures) -> dict[str, float] | None:
        if not figures.paged:
            return None
        return prometheus.together(
            prometheus.errors_counted(figures.first[pod], page)
            for pod, page in figures.last.items()
        )

    # What is measured.

    def measure(self) -> None:
        """Ask every ready pod for its metrics, and the kubelets for the pods' memory."""
        now = self.clock.monotonic() - self.began
        working = self._working()
        for figures in (self._baseline, self._canary):
            held, kept = [], []
            for pod, _, ready in self._pods(figures.of):
                page = self._page(pod) if ready else None
                if page:
                    figures.paged = True
                    figures.first.setdefault(pod, page)
                    figures.last[pod] = page
                    if page.resident is not None:
                        held.append(page.resident)
                if pod in working:
                    kept.append(working[pod])
            if held:
                figures.resident.append((now, sum(held) / len(held)))
            if kept:
                at = max(moment for moment, _ in kept)
                figures.working.append((at, sum(bytes_ for _, bytes_ in kept) / len(kept)))
        self._measured = self.traffic.now()

    def _pods(self, measured: Measured) -> Sequence[tuple[str, int, bool]]:
        """A version's pods: name, restarts, whether it is ready."""
        pods = self.observer.snapshot().pods.values()
        return [
            (
                str(pod["metadata"]["name"]),
                sum(container.restarts for container in containers(pod)),
                is_ready(pod),
            )
            for pod in pods_of(pods, measured.deployment)
        ]

    def _page(self, pod: str) -> Metrics | None:
        try:
            base, session = self.namespace.proxy(pod, self.port(pod))
        except ReleaseError:
            return None  # the Service does not know it yet
        api = Api(base, self.settings.api, self.settings.deadlines.request, session, f"pod {pod}")
        wanted = Request(method="GET", path=self.settings.api.metrics, headers=TEXT_FORMAT)
        # A path that answers with something else is no page of metrics; many apps have none.
        try:
            return prometheus.read(api.expect(wanted).text, wanted.path)
        except ApiError:
            return None
        finally:
            session.close()

    def _working(self) -> dict[str, tuple[float, float]]:
        """Seconds since the epoch and bytes of each pod, as the kubelets tell."""
        pods = self.observer.snapshot().pods.values()
        mine = [
            pod
            for figures in (self._baseline, self._canary)
            for pod in pods_of(pods, figures.of.deployment)
        ]
        nodes = {str(pod["spec"]["nodeName"]) for pod in mine if "nodeName" in pod["spec"]}
        found: dict[str, tuple[float, float]] = {}
        for node in sorted(nodes):
            try:
                found |= self.namespace.cluster.memory(node)
            except ClusterError:
                continue  # a shared cluster's users may not ask its kubelets
        return found
