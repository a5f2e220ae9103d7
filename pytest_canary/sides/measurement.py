"""Canary against baseline: what is measured of both at the same moments, under the same load."""

from __future__ import annotations

from collections.abc import Callable

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import Judge
from pytest_canary.analysis.reference import Reference
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.config.settings import VerdictSettings
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace_api import MeasuredPods
from pytest_canary.k8s.observer import Observer
from pytest_canary.sides.asked import Asked
from pytest_canary.sides.held_up import lack_of_sending
from pytest_canary.sides.memory_watch import MemoryWatch
from pytest_canary.sides.pages import Pages
from pytest_canary.sides.pod_figures import PodFigures

# Seconds beyond twice the baseline's slowest hundredth, as the verdict's levels have it.
SETTLES = 0.01


def settling_time(baseline: Requests, slow: float) -> float:
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
        namespace: where their pods live.
        observer: watches that namespace.
        waiter: waits for the moments at which to look.
        asked: tells what became of the requests to both.
        limits: the verdict's.
        slow: seconds above which an answer is slow for anybody.
        baseline: the name of the Deployment that is live.
        canary: the candidate's.
        pages: what the pods tell of themselves.
        memory: has watched what they hold since the canary became ready, or so.
        before: the baseline before the canary came; None where nobody knows.
        rows: tells how many rows each read answers with, at most; 0 where it costs the same however
            many there are.
    """

    def __init__(
        self,
        namespace: MeasuredPods,
        observer: Observer,
        waiter: Waiter,
        asked: Asked,
        limits: VerdictSettings,
        slow: float,
        *,
        baseline: str,
        canary: str,
        pages: Pages,
        memory: MemoryWatch,
        before: Reference | None = None,
        rows: Callable[[], int] = lambda: 0,
    ) -> None:
        self._limits, self._slow = limits, slow
        self._waiter = waiter
        self._asked = asked
        self._memory, self._watched = memory, memory.pods
        self._before = before
        self._rows = rows
        self._figures = [
            PodFigures(each, namespace, observer, pages) for each in (baseline, canary)
        ]
        self._began, self._from = waiter.clock.monotonic(), asked.now()
        self.measure()

    def judge(self) -> Verdict:
        """Look whenever the judge wants to, until the verdict is final.

        Raises:
            TrafficError: the traffic broke off.
        """
        limits, clock = self._limits, self._waiter.clock
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
                last = judge.look(passed, *self._observe(both), held_up=self._held_up())
                # A look keeps the generator waiting, which is nobody's fault.
                self._asked.disregard()
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

    def _settled_until(self) -> float:
        """Until when requests are looked at: what was due by then is answered, or surely slow."""
        now, slow = self._asked.now(), self._slow
        baseline, _ = self._asked.requests(max(self._from, now - 4 * slow), now)
        return now - settling_time(baseline, slow)

    def observe(self) -> tuple[Observed, Observed]:
        """Baseline and canary, from the window's beginning until now."""
        return self._observe(self._requests())

    def _requests(self) -> tuple[Requests, Requests]:
        return self._asked.requests(self._from, self._settled_until())

    def _observe(self, both: tuple[Requests, Requests]) -> tuple[Observed, Observed]:
        if not all(self._watched.values()):
            self._watched = self._memory.pods
        found = [
            Observed(
                requests=requests,
                restarts=figures.restarts,
                unready=figures.unready,
                away=figures.away,
                pods=figures.pods,
                age=figures.age,
                memory=memory,
                counters=figures.counters,
                several_processes=figures.several_processes,
                before=before,
                rows=self._rows(),
                counted=int((requests.due < figures.read_at).sum()),
                ended=figures.ended,
            )
            for figures, requests, memory, before in zip(
                self._figures,
                both,
                self._memory.tell(self._asked, self._watched),
                (self._before, None),
                strict=True,
            )
        ]
        return found[0], found[1]

    def measure(self) -> None:
        """Ask every ready pod for its metrics."""
        for figures in self._figures:
            figures.measure(self._asked.now())

    def _held_up(self) -> str:
        """Why the machine, and not the app, is what was measured; empty where it isn't so."""
        unsent = self._asked.unsent(self._from, self._asked.now())
        return lack_of_sending(unsent) or self._asked.trouble()
