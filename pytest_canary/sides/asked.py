"""Whom the traffic asks: each version at an address of its own, or both behind the Service."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pytest_canary.analysis.requests import Requests
from pytest_canary.config.verdict_rate import SECONDS
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.traffic.exchange import LOST, Kind
from pytest_canary.traffic.ramp import Ramp

if TYPE_CHECKING:
    from pytest_canary.traffic import Traffic
    from pytest_canary.traffic.columns import Columns
    from pytest_canary.traffic.track_traffic import TrackTraffic

# Seconds before the rate's first step that tell what is usual.
USUAL = 4.0

# Of each byte, as which a column has a kind, whether it is that of a lost request, or of one that
# is not answered yet; and of each mark that it was sent, whether it was not.
IS_UNSENT = bytes(not sent for sent in range(256))
IS_LOST = bytes(kind in LOST for kind in range(256))
IS_IN_FLIGHT = bytes(kind == Kind.IN_FLIGHT for kind in range(256))


class DueTimes(NamedTuple):
    """When requests were due.

    Attributes:
        baseline: those to its pods that are asked beside the canary's, or that it has answered.
        canary: likewise.
        shared: those to whichever pod of both the Service chose.
    """

    baseline: Sequence[float]
    canary: Sequence[float]
    shared: Sequence[float]


class AskedWhen(Protocol):
    """When baseline and canary were asked; moments are seconds by `now`."""

    def now(self) -> float:
        """The present moment."""

    def due_times(self, begin: float, end: float) -> DueTimes:
        """When requests were due in a window, ascending.

        Raises:
            TrafficError: the traffic broke off.
        """


class Asked(AskedWhen, Protocol):
    """What became of the requests to baseline and canary.

    Attributes:
        by_track: whether who was asked is told by the address, and so stays known where both run
            the same version.
    """

    by_track: bool

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
        """The share of what was due to the baseline that this machine did not get to, of 1.

        What is kept back as a version lets so many wait is that version's.
        """

    def trouble(self) -> str:
        """Why what was answered says little; empty where it says enough."""

    def keep_up(self) -> None:
        """Let more be asked, as far as the baseline and this machine keep up; call it often."""

    def disregard(self) -> None:
        """Decide on the load by nothing that was due so far: this process was busy itself."""

    def ease(self) -> None:
        """Let no more be asked than beside a verdict."""


class AskedByTrack:
    """Each track is asked at an address of its own.

    Args:
        traffic: asks them; what its rate is now, it will be again after the verdict.
        first: requests a second to each that the verdict begins with, and never falls below.
        most: the same, at most.
        trouble: tells why the addresses may lead to pods that are gone; empty where they don't.
        beside: the traffic through the Service, which makes room for the verdict's own: both
            together would be twice the load that the settings ask for.
        alone: seconds of the baseline's median when there was no canary; None where nobody knows.
    """

    by_track = True

    def __init__(
        self,
        traffic: TrackTraffic,
        first: float,
        most: float,
        trouble: Callable[[], str],
        beside: Traffic,
        alone: float | None = None,
    ) -> None:
        self._traffic = traffic
        self._beside = beside
        self._trouble = trouble
        self._alone = alone
        self._first = min(first, most)
        self._most = most
        self._before, self._before_beside = traffic.rate, beside.rate
        self._ramp: Ramp | None = None
        self._stepped_at = self._seen_from = 0.0
        self._strained: list[tuple[float, float]] = []

    def now(self) -> float:
        """Seconds since the traffic began."""
        return self._traffic.now()

    def due(self, begin: float, end: float) -> int:
        """See `Asked`; that it broke off is noticed by `keep_up`."""
        return len(self._traffic.ledger.window(begin, end)) // 2 + 1

    def requests(self, begin: float, end: float) -> tuple[Requests, Requests]:
        """See `Asked`; whoever was asked has the request, whatever came back.

        What was due while the load was more than the baseline could bear is left out, of both: what
        waits then waits for the load, and for nothing that the candidate does.
        """
        columns = self._traffic.columns(begin, end)
        baseline, canary = requests_of(columns[STABLE]), requests_of(columns[CANARY])
        for first, last in self._strained:
            baseline, canary = (
                each.where((each.due < first) | (each.due >= last)) for each in (baseline, canary)
            )
        return baseline, canary

    def due_times(self, begin: float, end: float) -> DueTimes:
        """See `Asked`; those through the Service are shared."""
        columns, beside = self._traffic.columns(begin, end), self._beside
        # Each of the two counts from its own start.
        later = beside.now() - self.now()
        numbers = beside.ledger.window(begin + later, end + later)
        shared = [beside.schedule.due(number) - later for number in numbers]
        baseline, canary = (
            [due for due, sent in zip(each.due, each.sent, strict=True) if sent]
            for each in (columns[STABLE], columns[CANARY])
        )
        return DueTimes(baseline, canary, shared)

    def unsent(self, begin: float, end: float) -> float:
        """See `Asked`."""
        columns = self._traffic.columns(begin, end)[STABLE]
        return columns.not_sent_in_time / columns.total if columns.total else 0.0

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
            self._ramp = Ramp.begin(self._first, self._most, usual, self._alone)
        elif now - self._stepped_at < SECONDS:
            return
        else:
            # What was due so shortly ago may not be answered yet, slow or not.
            end = now - min(self._ramp.limit, SECONDS / 2)
            if end <= self._seen_from:
                return
            load = self._traffic.load(STABLE, self._seen_from, end)
            if self._ramp.strains(load):
                self._strained.append((self._stepped_at, now))
            self._ramp = self._ramp.after(load)
        self._traffic.set_rate(self._ramp.rate)
        self._stepped_at = self._seen_from = now

    def disregard(self) -> None:
        """See `Asked`; when the next step is taken, that stays as it is."""
        self._seen_from = self.now()

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

    by_track = False

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

    def due_times(self, begin: float, end: float) -> DueTimes:
        """See `Asked`; what nobody has answered is left out."""
        columns = self._traffic.columns_by_version(begin, end)
        baseline, canary = (
            columns[version].due if version in columns else () for version in self._versions
        )
        return DueTimes(baseline, canary, ())

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

    def disregard(self) -> None:
        """Do nothing, as the load stays as it is."""

    def ease(self) -> None:
        """The rate is the settings'."""


def requests_of(columns: Columns | None) -> Requests:
    """The same as the statistics want them; None for nobody's."""
    if columns is None:
        return Requests.of((), ())
    kinds = columns.kind.tobytes()
    return Requests.of(
        columns.due,
        columns.seconds,
        array("B", kinds.translate(IS_LOST)),
        array("B", kinds.translate(IS_IN_FLIGHT)),
        columns.write,
        array("B", columns.sent.tobytes().translate(IS_UNSENT)),
        columns.size,
    )
