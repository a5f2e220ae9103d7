"""The candidate against the baseline before it: measured after the update, until it is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import Judge
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.sides.measurement import settling_time

if TYPE_CHECKING:
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.config.settings import VerdictSettings
    from pytest_canary.sides.in_turn import InTurn
    from pytest_canary.sides.pod_figures import PodFigures

# Seconds between two looks whether to look.
TICK = 0.25


class MeasuredInTurn:
    """Measures the candidate from its making on.

    Args:
        waiter: waits for the moments at which to look.
        asked: has asked the baseline, and asks the candidate.
        limits: the verdict's.
        slow: seconds above which an answer is slow for anybody.
        figures: of the candidate's pods, made now.
        rows: tells how many rows each read answers with, at most; 0 where it costs the same however
            many there are.
    """

    def __init__(
        self,
        waiter: Waiter,
        asked: InTurn,
        limits: VerdictSettings,
        slow: float,
        figures: PodFigures,
        rows: Callable[[], int] = lambda: 0,
    ) -> None:
        self._limits, self._slow = limits, slow
        self._waiter = waiter
        self._asked = asked
        self._figures = figures
        self._rows = rows
        self._began = waiter.clock.monotonic()
        asked.begin()

    def judge(self) -> Verdict:
        """Wait until there is a verdict, and return it.

        Raises:
            TrafficError: the traffic broke off.
        """
        limits, clock = self._limits, self._waiter.clock
        judge = Judge(limits, in_turn=True)
        last: Verdict | None = None

        def look() -> Seen[Verdict | None]:
            nonlocal last
            seconds = clock.monotonic() - self._began
            passed = min(seconds / limits.seconds, 1.0)
            alone = self._asked.alone
            if alone is None or alone.unsteady:
                passed = 1.0  # it gets no better
            most = self._asked.due()
            if judge.due(passed, most, most):
                both = self._observe()
                if judge.due(passed, *(len(each.requests) for each in both)):
                    last = judge.look(passed, *both, held_up=self._asked.held_up())
            text = last.text if last else f"{seconds:.0f} s of at most {limits.seconds:g}"
            return Seen(text, last is not None and last.final, last)

        try:
            verdict = self._waiter.until(
                "the verdict",
                look,
                timeout=limits.seconds + 30,
                change=lambda seconds: clock.sleep(min(seconds, TICK)),
            )
        finally:
            self._asked.ease()
        assert verdict  # noqa: S101 (it is final)
        return verdict

    def _observe(self) -> tuple[Observed, Observed]:
        baseline, slow = self._asked.baseline, self._slow
        until = self._asked.traffic.now() - settling_time(baseline, slow)
        restarts, unready = self._asked.events
        figures = self._figures
        return (
            Observed(baseline, restarts, unready, rows=self._asked.rows),
            Observed(
                self._asked.candidate(until),
                figures.restarts,
                figures.unready,
                figures.pods,
                figures.age,
                rows=self._rows(),
                ended=figures.ended,
            ),
        )
