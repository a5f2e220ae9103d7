"""Traffic to each track at an address of its own: the same requests at the same moments, 1:1.

    addresses = {"stable": "http://127.0.0.1:8081", "canary": "http://127.0.0.1:8082"}
    with TrackTraffic(api, addresses, settings.traffic, rate=10) as traffic:
        ...
        now = traffic.now()
        columns = traffic.columns(now - 5, now)

Who is asked is known before the answer, so what hangs, is reset or doesn't say who it is has an
owner; and how many replicas a track has doesn't decide how many requests it gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from pytest_canary.api.client import Api
from pytest_canary.api.writes import new_unique
from pytest_canary.config.api_settings import Request
from pytest_canary.config.settings import TrafficSettings
from pytest_canary.traffic.columns import Columns
from pytest_canary.traffic.exchange import percentile
from pytest_canary.traffic.flow import Flow, Generate
from pytest_canary.traffic.generator import Generator
from pytest_canary.traffic.ledger import Ledger
from pytest_canary.traffic.pace import Pace
from pytest_canary.traffic.ramp import Load
from pytest_canary.traffic.schedule import Schedule


class TrackTraffic:
    """A generator in a thread of its own, and what it saw of each track.

    What tells what it saw raises TrafficError where it didn't run: no traffic is not the same as
    none lost.

    Args:
        api: the app; tells the requests, their deadline, what they bring along and the headers, and
            has the journal that the writes are entered in.
        addresses: each track's base URL, without a path, by its name.
        settings: tell the share of writes, which is kept however many there are, and what is slow.
        rate: requests a second to each track.
        read: what is read in the place of the app's own read; None for that.
        anywhere: allow a URL that is not this machine's.
        generate: makes what sends.

    Raises:
        TrafficError: a URL is not this machine's.
    """

    def __init__(
        self,
        api: Api,
        addresses: Mapping[str, str],
        settings: TrafficSettings,
        *,
        rate: float,
        read: Request | None = None,
        anywhere: bool = False,
        generate: Generate = Generator,
    ) -> None:
        self.schedule = Schedule(
            Pace(rate),
            settings.writes,
            new_unique(),
            api.settings.write,
            read or api.settings.read,
            targets=len(addresses),
            thinned=False,
        )
        self.ledger = Ledger(self.schedule, settings.slow, tuple(addresses))
        self._flow = Flow(
            "the traffic to each track",
            api,
            addresses,
            self.ledger,
            anywhere=anywhere,
            generate=generate,
        )

    # Its life.

    def start(self) -> TrackTraffic:
        """Start sending; the first requests are due now. Starting what runs changes nothing.

        Raises:
            TrafficError: it could not start, is over, or the rate is 0.
        """
        self._flow.start()
        return self

    def stop(self) -> None:
        """Send no more, and return when every request has its answer or its deadline has passed."""
        self._flow.stop()

    def __enter__(self) -> TrackTraffic:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def enter_phase(self, stage: str, transition: str = "") -> None:
        """From now on, requests belong to this stage, and to this transition while there is one."""
        self._flow.enter_phase(stage, transition)

    def now(self) -> float:
        """Seconds since the start, as all moments are told here; 0 before it."""
        return self._flow.generator.now()

    @property
    def rate(self) -> float:
        """Requests a second to each track, as they were last set."""
        return self._flow.generator.rate

    def set_rate(self, rate: float) -> None:
        """Let so many a second be due to each track from now on, or a tenth of a second later.

        Raises:
            ValueError: it is not above 0; to send none is to stop.
        """
        if not rate > 0:
            raise ValueError(f"{rate:g} requests a second")
        self._flow.generator.rate = rate

    # What it saw, of what was due from `begin` to before `end`, by `now()`.

    def columns(self, begin: float, end: float) -> dict[str, Columns]:
        """By track, what became of each request; all as of one moment, though more is answered."""
        self._flow.check_runs()
        now = self.now()
        return self.ledger.columns(self.ledger.window(begin, end), now)

    def lag(self, begin: float, end: float) -> float:
        """Seconds by which requests went out late, the 99th percentile; 0 where none was due.

        What is due and has not gone out yet is as late as it is by now.
        """
        self._flow.check_runs()
        lags = self.ledger.lags(self.ledger.window(begin, end))
        if not self._flow.generator.over:
            now = self.now()
            for number in range(len(self.ledger), self.schedule.first(min(end, now))):
                lags[now - self.schedule.due(number)] += 1
        return percentile(lags, 0.99) or 0.0

    def unsent(self, begin: float, end: float) -> float:
        """The share of the requests that this machine did not get to, of 1; 0 where none was due.

        What is kept back as a track lets so many wait is that track's, and not this machine's.
        """
        columns = self.columns(begin, end).values()
        due = sum(each.total for each in columns)
        return sum(each.not_sent_in_time for each in columns) / due if due else 0.0

    def load(self, track: str, begin: float, end: float) -> Load:
        """How a track and the generator did; what another track let wait is no load of this one."""
        its = self.columns(begin, end)[track]
        return Load(its.median, self.lag(begin, end), its.kept_back)
