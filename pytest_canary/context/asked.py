"""Whom the traffic asks: each version at an address of its own, or both behind the Service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pytest_canary.analysis.requests import Requests
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.traffic.exchange import LOST, Kind
from pytest_canary.traffic.ramp import Ramp

if TYPE_CHECKING:
    from pytest_canary.traffic import Traffic
    from pytest_canary.traffic.columns import Columns
    from pytest_canary.traffic.track_traffic import TrackTraffic

# Seconds between two steps of the rate, and those before the first that tell what is usual.
STEP = 0.5
USUAL = 4.0


class Asked(Protocol):
    """What became of the requests to baseline and canary; moments are seconds by `now`."""

    def now(self) -> float:
        """The present moment."""

    def due(self, begin: float, end: float) -> int:
        """How many requests were due to either in a window, at most; without a look at each.

        Raises:
            TrafficError: the traffic broke off.
        """

    def requests(self, begin: float, end: float) -> tuple[Requests, Requests]:
        """What was due in a window: the baseline's requests, and the canary's.

        Raises:
            TrafficError: the traffic broke off.
        """

    def unsent(self, begin: float, end: float) -> float:
        """The share of what was due to the baseline that this machine did not send, of 1.

        The canary's are left out: of one that hangs, so many wait that no more are sent.
        """

    def trouble(self) -> str:
        """Why what was answered says little; empty where it says enough."""

    def keep_up(self) -> None:
        """Let more be asked, as far as the baseline and this machine keep up; call it often."""

    def ease(self) -> None:
        """Let no more be asked than beside a verdict."""


@dataclass(frozen=True)
class Judged:
    """When there was a verdict, and of whom.

    Attributes:
        asked: tells what became of the requests, then and since.
        at: the moment, by its clock.
    """

    asked: Asked
    at: float


class AskedByTrack:
    """Each track is asked at an address of its own.

    Args:
        traffic: asks them; what its rate is now, it will be again after the verdict.
        first: requests a second to each that the verdict begins with, and never falls below.
        most: the same, at most.
        trouble: tells why the addresses may lead to pods that are gone; empty where they don't.
        beside: the traffic through the Service, which makes room for the verdict's own: both
            together would be twice the load that the settings ask for.
    """

    def __init__(
        self,
        traffic: TrackTraffic,
        first: float,
        most: float,
        trouble: Callable[[], str],
        beside: Traffic,
    ) -> None:
        self._traffic = traffic
        self._beside = beside
        self._trouble = trouble
        self._first = min(first, most)
        self._most = most
        self._before, self._before_beside = traffic.rate, beside.rate
        self._ramp: Ramp | None = None
        self._stepped_at = 0.0

    def now(self) -> float:
        """Seconds since the traffic began."""
        return self._traffic.now()

    def due(self, begin: float, end: float) -> int:
        """See `Asked`; that it broke off is noticed by `keep_up`."""
        return len(self._traffic.ledger.window(begin, end)) // 2 + 1

    def requests(self, begin: float, end: float) -> tuple[Requests, Requests]:
        """See `Asked`; whoever was asked has the request, whatever came back."""
        columns = self._traffic.columns(begin, end)
        return requests_of(columns[STABLE]), requests_of(columns[CANARY])

    def unsent(self, begin: float, end: float) -> float:
        """See `Asked`."""
        columns = self._traffic.columns(begin, end)[STABLE]
        due = len(columns.due) + columns.unsent
        return columns.unsent / due if due else 0.0

    def trouble(self) -> str:
        """See `Asked`."""
        return self._trouble()

    def keep_up(self) -> None:
        """Take the next step, half a second after the last."""
        now = self.now()
        if self._ramp is None:
            usual = self._traffic.load(STABLE, max(0.0, now - USUAL), now)
            self._traffic.set_rate(self._first)
            self._beside.set_rate(min(self._before, self._before_beside))
            if usual.median is None:
                return
            self._ramp = Ramp.begin(self._first, self._most, usual)
        elif now - self._stepped_at < STEP:
            return
        else:
            # What was due so shortly ago may not be answered yet, slow or not.
            end = now - min(self._ramp.limit, STEP / 2)
            self._ramp = self._ramp.after(self._traffic.load(STABLE, self._stepped_at, end))
        self._traffic.set_rate(self._ramp.rate)
        self._stepped_at = now

    def ease(self) -> None:
        """Go back to the rates of before."""
        self._traffic.set_rate(self._before)
        self._beside.set_rate(self._before_beside)


class AskedByHeader:
    """Both are asked behind the Service, and a header of the answer tells who was.

    What hangs or breaks off belongs to nobody then, and the canary gets its share of the
    replicas.

    Args:
        traffic: asks them.
        baseline, canary: what each calls itself.
    """

    def __init__(self, traffic: Traffic, baseline: str, canary: str) -> None:
        self._traffic = traffic
        self._versions = baseline, canary

    def now(self) -> float:
        """Seconds since the traffic began."""
        return self._traffic.now()

    def due(self, begin: float, end: float) -> int:
        """See `Asked`; all may have gone to one of the two."""
        self._traffic.check()
        return len(self._traffic.ledger.window(begin, end))

    def requests(self, begin: float, end: float) -> tuple[Requests, Requests]:
        """See `Asked`; what nobody has answered is left out."""
        columns = self._traffic.columns_by_version(begin, end)
        baseline, canary = (columns.get(version) for version in self._versions)
        return requests_of(baseline), requests_of(canary)

    def unsent(self, begin: float, end: float) -> float:
        """See `Asked`."""
        window = self._traffic.window(begin, end)
        due = window.sent + window.unsent
        return window.unsent / due if due else 0.0

    def trouble(self) -> str:
        """Nothing stands between the app and its users' address."""
        return ""

    def keep_up(self) -> None:
        """The rate is the settings'."""

    def ease(self) -> None:
        """The rate is the settings'."""


def requests_of(columns: Columns | None) -> Requests:
    """The same as the statistics want them; None for nobody's."""
    if columns is None:
        return Requests.of((), ())
    kinds: Sequence[int] = columns.kind
    return Requests.of(
        columns.due,
        columns.seconds,
        [kind in LOST for kind in kinds],
        [kind == Kind.IN_FLIGHT for kind in kinds],
        [bool(each) for each in columns.write],
    )
