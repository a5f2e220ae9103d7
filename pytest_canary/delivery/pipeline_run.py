"""One pipeline that runs, and stands still where somebody wants to look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, Protocol

from pytest_canary.core.errors import ReleaseError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.core.wording import cut
from pytest_canary.delivery.running_commands import RunningCommands
from pytest_canary.jobs.asks import Ask, Asks
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.jobs.runner import Heard, Runner

Answer = Callable[[Ask], Literal["answered", "hold"]]
"""Answers what a job asks; or holds it, and with it the job, until somebody answers."""


class MakeRunner(Protocol):
    """Makes what runs a pipeline."""

    def __call__(self, *, heard: Heard) -> Runner:
        """Make it, for who hears each line that its jobs print."""


# Letters of what a job has said last that are told while it is waited for.
SAID = 120
# Seconds between two looks whether something is asked, and beyond the pipeline's own limit.
LOOK, GRACE = 0.05, 120.0


def seconds(minutes: float) -> float:
    """After how long one is given up that has this limit, as it should have ended itself."""
    return 60 * minutes + GRACE


class PipelineRun:
    """One pipeline, which has begun.

    Its jobs run in threads of their own; what they ask is answered by whoever waits for it.

    Args:
        name: as it is told: "the canary pipeline".
        make_runner: makes what runs it, for who hears its jobs.
        asks: what its jobs ask.
        waiter: waits, and tells how far it is.
        minutes: how long it may take.
        running: knows which commands its jobs run now.
    """

    def __init__(
        self,
        name: str,
        make_runner: MakeRunner,
        asks: Asks,
        waiter: Waiter,
        minutes: float,
        running: RunningCommands,
    ) -> None:
        self.name = name
        self.running = running
        self._said = "nothing was printed yet"
        self._runner = make_runner(heard=self._hear)
        self._asks = asks
        self._waiter = waiter
        self._timeout = seconds(minutes)
        self._pending: list[Ask] = []
        self._result: PipelineResult | None = None
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)
        self._thread.start()

    def follow(
        self, answer: Answer, expect_going_on: Callable[[], None] = lambda: None
    ) -> PipelineResult | None:
        """Answer what its jobs ask until it ends.

        Args:
            answer: answers, or holds; what was held before is asked again first.
            expect_going_on: raises where nobody is to wait any longer.

        Returns:
            What came of it; None where a job is held.

        Raises:
            CanaryError: it can't be run.
            WaitTimeoutError: it does not end, long after its own limit.
        """
        held = False

        def look() -> Seen[None]:
            nonlocal held
            ended = self._ended.is_set()
            self._pending += self._asks.new()
            while self._pending:
                if answer(self._pending[0]) == "hold":
                    held = True
                    break
                self._pending.pop(0)
            if not ended:
                expect_going_on()
            return Seen(self._said, held or ended, None)

        self._waiter.until(
            f"{self.name} to end",
            look,
            timeout=self._timeout,
            change=lambda _: self._pause(),
        )
        if held:
            return None
        self._thread.join()
        if self._error:
            raise self._error
        if self._result is None:
            raise ReleaseError(f"{self.name} came to no end")
        return self._result

    def finish(
        self, answer: Answer, expect_going_on: Callable[[], None] = lambda: None
    ) -> PipelineResult:
        """Answer what its jobs ask until it ends; nothing may be held.

        Raises:
            ReleaseError: a job is held all the same.
        """
        result = self.follow(answer, expect_going_on)
        if result is None:
            raise ReleaseError(f"{self.name} stands still, and nobody waits for it")
        return result

    def stop(self) -> PipelineResult | None:
        """End it, whatever it is at; what came of it, where that is known."""
        self._runner.stop()
        while not self._ended.wait(LOOK):
            for each in [*self._pending, *self._asks.new()]:
                each.answer(1, "canary: this pipeline is stopped")
            self._pending.clear()
        self._thread.join()
        return self._result

    def _hear(self, job: str, line: str) -> None:
        if line.strip():
            self._said = f"{job}: {cut(line.strip(), SAID)}"

    def _pause(self) -> None:
        self._ended.wait(LOOK)

    def _run(self) -> None:
        try:
            self._result = self._runner.run()
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()
