"""The baseline alone, asked as it will be in the verdict, before the canary is there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_canary.analysis.kinds import LEAST_SHARE
from pytest_canary.analysis.reference import Sample
from pytest_canary.config.verdict_rate import first_rate
from pytest_canary.core.errors import TrafficError, WaitTimeoutError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.manifests.version import STABLE
from pytest_canary.sides.asked import requests_of

if TYPE_CHECKING:
    from pytest_canary.config.settings import ReplicaSettings, TrafficSettings, VerdictSettings
    from pytest_canary.traffic.track_traffic import TrackTraffic

# Seconds for which it is asked. The stage's checks are made meanwhile, so that what is left to wait
# for before the canary is deployed is mostly less.
SECONDS = 3.0

# The share of writes then, where there are reads and writes to tell apart: of a tenth, these
# seconds would have too few to say how long one takes.
WRITES = 0.5


def load_alone(
    traffic: TrafficSettings, verdict: VerdictSettings, replicas: ReplicaSettings
) -> tuple[float, TrafficSettings]:
    """How the one pod that is asked is asked: requests a second, and the settings of its traffic.

    It gets as much as each will from the beginning of a verdict.
    """
    pods = min(replicas.canary, replicas.stable_during_canary)
    first = first_rate(traffic, verdict)
    if LEAST_SHARE <= traffic.writes <= 1 - LEAST_SHARE:
        traffic = traffic.model_copy(update={"writes": WRITES})
    return first / pods, traffic


class Alone:
    """Asks the baseline for some seconds, in a thread of its own.

    Args:
        traffic: asks it; not started yet.
        rows: tells how many rows were written by now.
        seconds: for which it asks.
    """

    def __init__(
        self, traffic: TrackTraffic, rows: Callable[[], int], seconds: float = SECONDS
    ) -> None:
        self._traffic = traffic
        self._rows = rows
        self._seconds = seconds
        self._sample: Sample | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="baseline-alone", daemon=True)

    def start(self) -> Alone:
        """Begin to ask."""
        self._thread.start()
        return self

    def _run(self) -> None:
        # What can't be asked is done without.
        with contextlib.suppress(TrafficError):
            began = self._rows()
            with self._traffic:
                self._stopped.wait(self._seconds)
            requests = requests_of(self._traffic.columns(0.0, self._traffic.now())[STABLE])
            if len(requests):
                self._sample = Sample(requests, (began + self._rows()) / 2)

    def end(self, waiter: Waiter, patience: float) -> Sample | None:
        """What became of the requests, once the seconds are over; None where nothing was sent.

        Args:
            waiter: waits.
            patience: seconds for the last answers.
        """

        def look() -> Seen[None]:
            over = not self._thread.is_alive()
            return Seen(f"{len(self._traffic.ledger)} requests so far", over, None)

        with contextlib.suppress(WaitTimeoutError):
            waiter.until("the baseline to be asked alone", look, timeout=self._seconds + patience)
        self.stop()
        return self._sample

    def stop(self) -> None:
        """Ask it no more; what was sent so far has its answers, or its deadline has passed."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
