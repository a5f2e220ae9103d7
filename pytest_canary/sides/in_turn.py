"""The baseline, and after it the candidate, at the app's own address: where there is no canary.

Both get the same requests at the same rate from the same pods' number, but not at the same moments.
So the baseline is asked until two periods in a row are alike: what it warms up by, or a machine
that is busy for other reasons, is no reference.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.steadiness import unsteadiness
from pytest_canary.api.bounded_read import bounded_read, rows_read
from pytest_canary.config.verdict_rate import SECONDS, first_rate
from pytest_canary.core.errors import TrafficError, WaitTimeoutError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.manifests.version import STABLE
from pytest_canary.sides.asked import requests_of
from pytest_canary.sides.held_up import lack_of_sending
from pytest_canary.sides.sides import BASE_RATE, PATIENCE
from pytest_canary.traffic.ramp import LAG, LATER, Ramp
from pytest_canary.traffic.track_traffic import TrackTraffic

if TYPE_CHECKING:
    from pytest_canary.api.client import Api
    from pytest_canary.config.settings import TrafficSettings, VerdictSettings
    from pytest_canary.traffic import Traffic

# Seconds of a period of the baseline's, and how many there are at most.
PERIOD = 6.0
PERIODS = 5

# The part of a period that tells what is usual at the first rate. In another period the rate rises.
USUAL = 0.25


def most_rate(sent: TrafficSettings, verdict: VerdictSettings, *, bounded: bool) -> float:
    """Requests a second that either gets at most.

    Where each read answers with all rows, what is written while the baseline is asked makes the
    candidate's reads dearer: then it is no more than the traffic's own rate.

    Args:
        sent: the traffic's settings.
        verdict: the verdict's.
        bounded: whether each read answers with as much, however many rows there are.
    """
    return verdict.rate if bounded else min(sent.rate, verdict.rate)


@dataclass(frozen=True)
class AloneInTurn:
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


class Paced(Protocol):
    """Traffic that can be more or less."""

    @property
    def rate(self) -> float:
        """Requests a second, as they were last set."""

    def set_rate(self, rate: float) -> None:
        """Let so many a second be due from now on."""


class InTurn:
    """Asks the baseline in a thread of its own, until it is steady; then, when told, the candidate.

    Args:
        traffic: asks whoever answers behind the Service; not started yet.
        first: requests a second that either gets to begin with.
        most: what it gets at most.
        limits: what matters.
        beside: the traffic through the Service, which makes room while either is measured; None
            for none.
        rows: tells how many rows each read answers with, at most; 0 where it costs the same however
            many there are.
        period: seconds of one of the baseline's; the others go by it.
        unsteadiness: tells what has changed from one period to the next; empty where nothing has.

    Attributes:
        alone: how the baseline did; None before, and where it could not be asked.
        events: the restarts of its containers meanwhile, and how often its pods lost readiness.
        rows: how many rows its reads answered with, on average.
    """

    def __init__(
        self,
        traffic: TrackTraffic,
        first: float,
        most: float,
        limits: VerdictSettings,
        beside: Paced | None = None,
        rows: Callable[[], int] = lambda: 0,
        period: float = PERIOD,
        unsteadiness: Callable[[Requests, Requests, VerdictSettings], str] = unsteadiness,
    ) -> None:
        self.alone: AloneInTurn | None = None
        self.traffic = traffic
        self._first, self._most, self._limits = first, most, limits
        self.events = (0, 0)
        self.rows = 0
        self._beside = beside
        self._rate_beside = beside.rate if beside else 0.0
        self._rows_read = rows
        self._period = period
        self._unsteadiness = unsteadiness
        self._stopped = threading.Event()
        self._began = 0.0
        self._thread = threading.Thread(target=self._run, name="baseline-first", daemon=True)

    @classmethod
    def of(
        cls,
        api: Api,
        sent: TrafficSettings,
        verdict: VerdictSettings,
        beside: Traffic | None = None,
        *,
        elsewhere: bool,
        period: float = PERIOD,
    ) -> InTurn:
        """Of the app as its users reach it.

        Args:
            api: the app, through its Service.
            sent: the traffic's settings.
            verdict: the verdict's.
            beside: the traffic through the Service.
            elsewhere: whether the address is another machine's.
            period: seconds of one of the baseline's.

        Raises:
            ApiError: the row that a bounded read asks for can't be written.
        """
        first = first_rate(sent, verdict)
        most = most_rate(sent, verdict, bounded=api.settings.bounded_read is not None)
        traffic = TrackTraffic(
            api,
            {STABLE: api.base_url},
            sent,
            rate=first,
            read=bounded_read(api),
            anywhere=elsewhere,
        )
        return cls(traffic, first, most, verdict, beside, partial(rows_read, api), period)

    # The baseline.

    def start(self, tell: Callable[[], tuple[int, int]] = lambda: (0, 0)) -> InTurn:
        """Begin to ask the baseline.

        Args:
            tell: tells of its pods, from now on, what `events` has.

        Raises:
            TrafficError: it can't be asked.
        """
        self._tell = tell
        self.traffic.start()
        self._make_room()
        self._thread.start()
        return self

    def _run(self) -> None:
        # That it broke off is noticed by whoever reads what was sent.
        with contextlib.suppress(TrafficError):
            rate = self._climb()
            moments, rows = [self._after(self._step)], [self._rows_read()]
            why = "it was asked for too short a time"
            while why and len(moments) <= PERIODS and not self._stopped.is_set():
                moments.append(self._after(self._period))
                rows.append(self._rows_read())
                if len(moments) > 2:
                    before, now = (self._requests_between(*moments[at:][:2]) for at in (-3, -2))
                    why = self._unsteadiness(before, now, self._limits)
            if len(moments) > 2:
                self.rows = (rows[-3] + rows[-1]) // 2
                self.alone = AloneInTurn(moments[-3], moments[-1], rate, why)
            self.ease()

    def _make_room(self) -> None:
        """Let the two together be the load that the settings ask for, not twice as much."""
        if self._beside:
            self._beside.set_rate(min(BASE_RATE, self._rate_beside))

    def ease(self) -> None:
        """Ask no more than beside a verdict, until either is measured."""
        self.traffic.set_rate(min(BASE_RATE, self._first))
        self._restore()

    def _restore(self) -> None:
        if self._beside:
            self._beside.set_rate(self._rate_beside)

    def _climb(self) -> float:
        """Let the rate rise as long as the baseline and this machine keep up; what it came to."""
        begin = self._after(USUAL * self._period)
        ramp = Ramp.begin(self._first, self._most, self.traffic.load(STABLE, 0.0, begin))
        while ramp.rate < ramp.most and self.traffic.now() < begin + self._period:
            self.traffic.set_rate(ramp.rate)
            seen_from, now = self.traffic.now(), self._after(self._step)
            # What was due so shortly ago may not be answered yet, slow or not.
            end = now - min(ramp.limit, self._step / 2)
            ramp = ramp.after(self.traffic.load(STABLE, seen_from, end))
            if self._stopped.is_set():
                break
        self.traffic.set_rate(ramp.rate)
        return ramp.rate

    @property
    def _step(self) -> float:
        return min(SECONDS, self._period / 12)

    def _after(self, seconds: float) -> float:
        """The moment that comes after so many seconds, or when it is to end."""
        self._stopped.wait(seconds)
        return self.traffic.now()

    def _requests_between(self, begin: float, end: float) -> Requests:
        return requests_of(self.traffic.columns(begin, end)[STABLE])

    def keep_baseline(self, waiter: Waiter) -> None:
        """Return when the baseline was asked for long enough; call it before anything changes."""

        def look() -> Seen[None]:
            over = not self._thread.is_alive()
            return Seen(f"{len(self.traffic.ledger)} requests so far", over, None)

        patience = (USUAL + 1 + PERIODS) * self._period + PATIENCE
        with contextlib.suppress(WaitTimeoutError):
            waiter.until("the baseline to be asked alone", look, timeout=patience)
        self._stopped.set()
        self._thread.join()
        self.events = self._tell()

    # The candidate.

    def begin(self) -> None:
        """Ask the candidate from now on, as often as the baseline was."""
        if self.alone:
            self.traffic.set_rate(self.alone.rate)
            self._make_room()
        self._began = self.traffic.now()

    @property
    def baseline(self) -> Requests:
        """What became of the baseline's requests; none where it was not asked.

        Raises:
            TrafficError: the traffic broke off.
        """
        if self.alone is None:
            return Requests.of((), ())
        return self._requests_between(self.alone.begin, self.alone.end)

    def candidate(self, until: float) -> Requests:
        """What became of the candidate's until a moment.

        Raises:
            TrafficError: the traffic broke off.
        """
        return self._requests_between(self._began, until)

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
        if lack := lack_of_sending(self.traffic.unsent(self._began, now)):
            return lack
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
        """Ask nobody any more, and let the traffic beside have its own rate again."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.traffic.stop()
        self._restore()
