"""The baseline, and after it the candidate, at the app's own address: where there is no canary.

Both get the same requests at the same rate from the same pods' number, but not at the same moments.
So the baseline is asked until two periods in a row are alike: what it warms up by, or a machine
that is busy for other reasons, is no reference.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.steadiness import unsteadiness
from pytest_canary.config.verdict_rate import SECONDS, first_rate
from pytest_canary.core.errors import TrafficError, WaitTimeoutError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.manifests.version import STABLE
from pytest_canary.sides.asked import requests_of
from pytest_canary.sides.sides import BASE_RATE, PATIENCE
from pytest_canary.traffic.ramp import LAG, LATER, Ramp

if TYPE_CHECKING:
    from pytest_canary.config.settings import Settings
    from pytest_canary.traffic.track_traffic import TrackTraffic

# Seconds of a period of the baseline's, and how many there are at most.
PERIOD = 6.0
PERIODS = 5

# Seconds that tell what is usual at the first rate, and in which the rate rises at most.
USUAL = 1.5
CLIMB = 6.0

# The share of requests that this machine may fail to send before nothing is said of the app.
UNSENT = 0.01


@dataclass(frozen=True)
class Alone:
    """How the baseline did before the candidate came.

    Attributes:
        begin, end: of its last two periods, by the traffic's clock.
        rate: requests a second.
        unsteady: what has changed from the one to the other; empty where nothing has.
    """

    begin: float
    end: float
    rate: float
    unsteady: str = ""


class InTurn:
    """Asks the baseline in a thread of its own, until it is steady; then, when told, the candidate.

    Args:
        traffic: asks whoever answers behind the Service; not started yet.
        settings: the rates, and what matters.
        stopped: set by whoever wants it to end; waited on between two steps.
    """

    def __init__(
        self, traffic: TrackTraffic, settings: Settings, stopped: threading.Event | None = None
    ) -> None:
        self.alone: Alone | None = None
        self.traffic = traffic
        self._settings = settings
        self._stopped = stopped or threading.Event()
        self._began = 0.0
        self._thread = threading.Thread(target=self._run, name="baseline-first", daemon=True)

    # The baseline.

    def start(self) -> InTurn:
        """Begin to ask the baseline.

        Raises:
            TrafficError: it can't be asked.
        """
        self.traffic.start()
        self._thread.start()
        return self

    def _run(self) -> None:
        # That it broke off is noticed by whoever reads what was sent.
        with contextlib.suppress(TrafficError):
            rate = self._climb()
            moments = [self._after(SECONDS)]
            why = "it was asked for too short a time"
            while why and len(moments) <= PERIODS and not self._stopped.is_set():
                moments.append(self._after(PERIOD))
                if len(moments) > 2:
                    before, now = (self._asked(*moments[at:][:2]) for at in (-3, -2))
                    why = unsteadiness(before, now, self._settings.verdict)
            if len(moments) > 2:
                self.alone = Alone(moments[-3], moments[-1], rate, why)
            self.traffic.set_rate(min(BASE_RATE, rate))

    def _climb(self) -> float:
        """Let the rate rise as long as the baseline and this machine keep up; what it came to."""
        first, most = first_rate(self._settings), self._settings.verdict.rate
        begin = self._after(USUAL)
        ramp = Ramp.begin(first, most, self.traffic.load(STABLE, 0.0, begin))
        while ramp.rate < ramp.most and self.traffic.now() < begin + CLIMB:
            self.traffic.set_rate(ramp.rate)
            seen_from, now = self.traffic.now(), self._after(SECONDS)
            # What was due so shortly ago may not be answered yet, slow or not.
            end = now - min(ramp.limit, SECONDS / 2)
            ramp = ramp.after(self.traffic.load(STABLE, seen_from, end))
            if self._stopped.is_set():
                break
        self.traffic.set_rate(ramp.rate)
        return ramp.rate

    def _after(self, seconds: float) -> float:
        """The moment that comes after so many seconds, or when it is to end."""
        self._stopped.wait(seconds)
        return self.traffic.now()

    def _asked(self, begin: float, end: float) -> Requests:
        return requests_of(self.traffic.columns(begin, end)[STABLE])

    def keep_baseline(self, waiter: Waiter) -> None:
        """Return when the baseline was asked for long enough; call it before anything changes."""

        def look() -> Seen[None]:
            over = not self._thread.is_alive()
            return Seen(f"{len(self.traffic.ledger)} requests so far", over, None)

        patience = USUAL + CLIMB + PERIODS * PERIOD + PATIENCE
        with contextlib.suppress(WaitTimeoutError):
            waiter.until("the baseline to be asked alone", look, timeout=patience)
        self._stopped.set()
        self._thread.join()

    # The candidate.

    def begin(self) -> None:
        """Ask the candidate from now on, as often as the baseline was."""
        if self.alone:
            self.traffic.set_rate(self.alone.rate)
        self._began = self.traffic.now()

    @property
    def baseline(self) -> Requests:
        """What became of the baseline's requests; none where it was not asked.

        Raises:
            TrafficError: the traffic broke off.
        """
        if self.alone is None:
            return Requests.of((), ())
        return self._asked(self.alone.begin, self.alone.end)

    def candidate(self, until: float) -> Requests:
        """What became of the candidate's until a moment.

        Raises:
            TrafficError: the traffic broke off.
        """
        return self._asked(self._began, until)

    def due(self) -> int:
        """How many requests were due to the candidate, at most; without a look at each."""
        return len(self.traffic.ledger.window(self._began, self.traffic.now())) + 1

    def held_up(self) -> str:
        """Why this machine or the baseline is what was measured; empty where it isn't so."""
        if self.alone is None:
            return "the baseline could not be asked before the candidate came"
        if self.alone.unsteady:
            return (
                "the baseline was not the same all along before the candidate came, so that "
                f"nothing can be held against it: {self.alone.unsteady}; free the machine, or let "
                "the baseline warm up before it is ready"
            )
        now = self.traffic.now()
        unsent = self.traffic.unsent(self._began, now)
        if unsent > UNSENT:
            return (
                f"the load generator could not keep up: {unsent * 100:.1f} % of the requests were "
                "not sent; free the machine, or lower verdict.rate"
            )
        before, late = (
            self.traffic.lag(*each)
            for each in ((self.alone.begin, self.alone.end), (self._began, now))
        )
        if late > max(LAG, LATER * before):
            return (
                f"this machine is busier than it was: requests went out {late * 1000:.0f} ms late, "
                f"and {before * 1000:.0f} ms while the baseline was asked; free the machine"
            )
        return ""

    def stop(self) -> None:
        """Ask nobody any more."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.traffic.stop()
