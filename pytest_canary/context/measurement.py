"""Canary against baseline: what is measured of both at the same moments, under the same load."""

from __future__ import annotations

import os
from collections.abc import Callable

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.verdict import Judge, Verdict
from pytest_canary.config.settings import Settings
from pytest_canary.context.asked import Asked
from pytest_canary.context.pod_figures import Held, PodFigures
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.objects import pods_of
from pytest_canary.k8s.observer import Observer

# Seconds beyond twice the baseline's slowest hundredth, as the verdict's levels have it.
SETTLES = 0.01

# The share of requests that this machine may fail to send before nothing is said of the app.
UNSENT = 0.01


def unsettled(baseline: Requests, slow: float) -> float:
    """Seconds after which what is not answered is slow at any of the verdict's levels.

    That is twice the baseline's slowest hundredth, but never longer than what is slow for anybody.
    """
    latencies = sorted(baseline.latencies.tolist())
    if not latencies:
        return slow
    worst: float = latencies[int(0.99 * (len(latencies) - 1))]
    return min(slow, 2 * worst + SETTLES)


class Measurement:
    """Measures canary and baseline from its making on, in one window.

    Args:
        namespace: where their pods live; asks these for their metrics, and kubelets for memory.
        observer: watches that namespace.
        waiter: waits for the moments at which to look.
        asked: tells what became of the requests to both.
        settings: the verdict's limits, and where an app tells its metrics.
        baseline: the name of the Deployment that is live.
        canary: the candidate's.
        port: tells the port that a pod listens on, by its name.
        before: what was sent to the baseline before the canary came.
    """

    def __init__(
        self,
        namespace: Namespace,
        observer: Observer,
        waiter: Waiter,
        asked: Asked,
        settings: Settings,
        *,
        baseline: str,
        canary: str,
        port: Callable[[str], int],
        before: Requests | None = None,
    ) -> None:
        self.settings = settings
        self._namespace = namespace
        self._observer = observer
        self._waiter = waiter
        self._asked = asked
        self._deployments = baseline, canary
        self._before = before
        self._figures = [
            PodFigures(each, namespace, observer, settings, port) for each in self._deployments
        ]
        self._began, self._from = waiter.clock.monotonic(), asked.now()
        self.measure()

    def judge(self) -> Verdict:
        """Look whenever the judge wants to, until the verdict is final.

        Raises:
            TrafficError: the traffic broke off.
        """
        limits, clock = self.settings.verdict, self._waiter.clock
        judge = Judge(limits)
        last: Verdict | None = None

        def look() -> Seen[Verdict | None]:
            nonlocal last
            self._asked.keep_up()
            seconds = clock.monotonic() - self._began
            passed = min(seconds / limits.seconds, 1.0)
            # Each request is looked at only where a look may be due: the generator shares this
            # process.
            most = self._asked.due(self._from, self._asked.now())
            both = self._requests() if judge.due(passed, most, most) else None
            if both and judge.due(passed, *map(len, both)):
                self.measure()
                last = judge.look(passed, *self._observed(both), held_up=self._held_up())
            text = last.text if last else f"{seconds:.0f} s of at most {limits.seconds:g}"
            return Seen(text, last is not None and last.final, last)

        try:
            # Half a minute for the looks themselves, which ask every pod.
            verdict = self._waiter.until(
                "the verdict",
                look,
                timeout=limits.seconds + 30,
                change=lambda seconds: clock.sleep(min(seconds, 0.25)),
            )
        finally:
            self._asked.ease()
        assert verdict  # noqa: S101 (it is final)
        return verdict

    def _settled(self) -> float:
        """Until when requests are looked at: what was due by then is answered, or surely slow."""
        now, slow = self._asked.now(), self.settings.traffic.slow
        baseline, _ = self._asked.requests(max(self._from, now - 4 * slow), now)
        return now - unsettled(baseline, slow)

    def observed(self) -> tuple[Observed, Observed]:
        """Baseline and canary, from the window's beginning until now."""
        return self._observed(self._requests())

    def _requests(self) -> tuple[Requests, Requests]:
        return self._asked.requests(self._from, self._settled())

    def _observed(self, both: tuple[Requests, Requests]) -> tuple[Observed, Observed]:
        sources = [[each.resident for each in self._figures]]
        sources += [[each.working for each in self._figures]]
        # Both by the same measure; the app's own is newer, as a kubelet looks every 10 s or so.
        chosen = next((source for source in sources if all(source)), (None, None))
        found = [
            Observed(
                requests=requests,
                restarts=figures.restarts,
                unready=figures.unready,
                pods=figures.pods,
                age=figures.age,
                memory=memory,
                counters=figures.counters,
                before=before,
                counted=int((requests.due < figures.read_at).sum()),
            )
            for figures, requests, memory, before in zip(
                self._figures, both, chosen, (self._before, None), strict=True
            )
        ]
        return found[0], found[1]

    def measure(self) -> None:
        """Ask every ready pod for its metrics, and the kubelets for the pods' memory."""
        working = self._working()
        for figures in self._figures:
            figures.measure(self._asked.now(), working)

    def _working(self) -> dict[str, Held]:
        """Seconds since the epoch and bytes of each pod, as the kubelets tell."""
        pods = self._observer.snapshot().pods.values()
        mine = [pod for each in self._deployments for pod in pods_of(pods, each)]
        nodes = {str(pod["spec"]["nodeName"]) for pod in mine if "nodeName" in pod["spec"]}
        found: dict[str, Held] = {}
        for node in sorted(nodes):
            try:
                found |= self._namespace.cluster.memory(node)
            except ClusterError:
                continue  # a shared cluster's users may not ask its kubelets
        return found

    def _held_up(self) -> str:
        """Why the machine, and not the app, is what was measured; empty where it isn't so."""
        unsent = self._asked.unsent(self._from, self._asked.now())
        if unsent <= UNSENT:
            return self._asked.trouble()
        load, cores = os.getloadavg()[0], os.cpu_count()
        return (
            f"the load generator could not keep up: {unsent * 100:.1f} % of the requests were not "
            f"sent, with a load average of {load:.1f} on {cores} cores; free the machine, or lower "
            "verdict.rate"
        )
