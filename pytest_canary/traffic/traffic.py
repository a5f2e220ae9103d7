"""Traffic: puts and gets through the Service on a fixed schedule, all along the walk.

    api = client_for("http://127.0.0.1:8080", settings)
    with Traffic(api, settings.traffic) as traffic:
        traffic.enter_phase("canary", "deploy")
        ...
    assert traffic.lost == 0
    assert not traffic.verify(api).findings

Each request is due at a moment that was fixed beforehand, and its latency counts from then: an app
that hangs for a second is seen by every request of that second, not by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType

from pytest_canary.api.client import Api
from pytest_canary.api.read_back import ReadBack, read_back
from pytest_canary.api.writes import new_unique
from pytest_canary.config.api_settings import Request
from pytest_canary.config.settings import TrafficSettings
from pytest_canary.core.errors import TrafficError
from pytest_canary.core.findings import Finding
from pytest_canary.traffic.columns import Columns
from pytest_canary.traffic.cost import Cost
from pytest_canary.traffic.exchange import LOST, Exchange, percentile
from pytest_canary.traffic.flow import Flow, Generate
from pytest_canary.traffic.gaps import gap
from pytest_canary.traffic.generator import Generator
from pytest_canary.traffic.ledger import Ledger
from pytest_canary.traffic.losses import request_findings
from pytest_canary.traffic.pace import Pace
from pytest_canary.traffic.schedule import Schedule
from pytest_canary.traffic.sender import without_lookup
from pytest_canary.traffic.summary import Bin, Summary


class Traffic:
    """A generator in a thread of its own, and all that it saw.

    What judges (`lost`, `slow`, `losses`, `verify`, …) raises TrafficError where the generator
    didn't run: no traffic is not the same as none lost.

    The plugin's own: `settings`, `schedule`, `ledger`, `columns`, `columns_by_version`.

    Args:
        api: the app, by its Service; tells the requests, their deadline and the headers, and has
            the journal that the writes are entered in.
        settings: tell the rate, the share of writes, and what is slow.
        read: what is read in the place of the app's own read; None for that.
        anywhere: allow a URL that is not this machine's.
        generate: makes what sends.

    Attributes:
        writes: the journal; the checks' writes are in it too where they share the client's.

    Raises:
        TrafficError: the URL is not this machine's.
    """

    def __init__(
        self,
        api: Api,
        settings: TrafficSettings,
        *,
        read: Request | None = None,
        anywhere: bool = False,
        generate: Generate = Generator,
    ) -> None:
        self.settings = settings
        self.base_url = without_lookup(api.base_url)
        self.writes = api.writes
        self._redact = api.redactor.redact
        self.schedule = Schedule(
            Pace(settings.rate),
            settings.writes,
            new_unique(),
            api.settings.write,
            read or api.settings.read,
        )
        self.ledger = Ledger(self.schedule, settings.slow)
        self._flow = Flow(
            "the traffic",
            api,
            {"": api.base_url},
            self.ledger,
            anywhere=anywhere,
            generate=generate,
        )

    # Its life.

    def start(self) -> Traffic:
        """Start sending; the first request is due now. Starting what runs changes nothing.

        Raises:
            TrafficError: it could not start, is over, or traffic.rate is 0.
        """
        self._flow.start()
        return self

    def stop(self) -> None:
        """Send no more, and return when every request has its answer or its deadline has passed."""
        self._flow.stop()

    def __enter__(self) -> Traffic:
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
    def began(self) -> float | None:
        """The start by `time.monotonic`, to compare with other clocks; None before it."""
        return self._flow.generator.began

    @property
    def rate(self) -> float:
        """Requests a second, as they were last set."""
        return self._flow.generator.rate

    def set_rate(self, rate: float) -> None:
        """Let so many a second be due from now on, or a tenth of a second later."""
        self._flow.generator.rate = rate

    def check(self) -> None:
        """Return if the traffic runs, or ran until it was stopped.

        Raises:
            TrafficError: it did not, or half of the requests were not sent; what it counted says
                nothing of the app then.
        """
        self._flow.check(f"lower traffic.rate, which is {self.settings.rate:g}")

    def check_gaps(self) -> None:
        """Return if nearly all was sent wherever the walk stood, so that "none lost" says much.

        A twentieth of a place's requests may be missing, or two where that is more.

        Raises:
            TrafficError: more are.
        """
        self.check()
        places = {
            place: Counter(map(self.ledger.kind, numbers))
            for place, numbers in self.ledger.transitions().items()
        }
        wrong = gap(places, self.settings.rate)
        if wrong:
            raise wrong

    # What it saw.

    @property
    def sent(self) -> int:
        """Requests that went out so far."""
        return self._flow.sent

    @property
    def lost(self) -> int:
        """Requests of which a user would have seen an error, or nothing."""
        self.check()
        return self.ledger.lost

    @property
    def slow(self) -> int:
        """Requests that were answered, but later than traffic.slow after they were due."""
        self.check()
        return self.ledger.slow

    @property
    def retryable(self) -> int:
        """Lost requests that a client may safely send again."""
        self.check()
        return self.ledger.retryable

    def losses(self) -> list[Exchange]:
        """The lost requests, in their order; without the secrets in what came of them."""
        return self._exchanges(self.ledger.of_kinds(*LOST))

    def findings(self) -> list[Finding]:
        """What is wrong with the requests; empty where none is lost."""
        return request_findings(self.sent, self.losses())

    def summary(self) -> Summary:
        """What all requests come to."""
        return self.of()

    def of(self, *, stage: str | None = None, transition: str | None = None) -> Summary:
        """What those come to that were due in a stage, during a transition, or both."""
        self.check()
        everything = stage is None and transition is None
        chosen = range(len(self.ledger)) if everything else self.ledger.of(stage, transition)
        return self.ledger.summary(chosen)

    def since(self, moment: float) -> Summary:
        """What those come to that were due since a moment, by `now()`."""
        return self.window(moment, self.now())

    def window(self, begin: float, end: float) -> Summary:
        """What those come to that were due from `begin` to before `end`, by `now()`.

        Those that still await their answers are in flight; a window that ended a while ago has
        none, and does not favour the quick.
        """
        self.check()
        return self.ledger.summary(self.ledger.window(begin, end))

    def exchanges(self, begin: float, end: float) -> list[Exchange]:
        """The requests that were due from `begin` to before `end`, by `now()`, in their order.

        Without the secrets in what came of them.
        """
        return self._exchanges(self.ledger.window(begin, end))

    def _exchanges(self, numbers: Iterable[int]) -> list[Exchange]:
        self.check()
        # Masked here and not as they end, which would take half a millisecond of the thread that
        # measures.
        found, show = map(self.ledger.exchange, numbers), self._redact
        return [replace(each, text=show(each.text)) if each.text else each for each in found]

    def columns(self, begin: float, end: float) -> Columns:
        """What became of each request that was due from `begin` to before `end`."""
        self.check()
        now = self.now()
        (columns,) = self.ledger.columns(self.ledger.window(begin, end), now).values()
        return columns

    def columns_by_version(self, begin: float, end: float) -> dict[str, Columns]:
        """By version, what became of each request that was due from `begin` to before `end`.

        What nobody has answered is nobody's: "".
        """
        self.check()
        now = self.now()
        return self.ledger.columns_by_version(self.ledger.window(begin, end), now)

    def transitions(self) -> dict[tuple[str, str], Summary]:
        """By stage and transition, in the order of the walk."""
        self.check()
        found = self.ledger.transitions()
        return {place: self.ledger.summary(numbers) for place, numbers in found.items()}

    def series(self, seconds: float = 1.0) -> dict[str, list[Bin]]:
        """By version, in bins of so many seconds; "" where nobody said who answered."""
        self.check()
        return self.ledger.series(seconds)

    @property
    def cost(self) -> Cost:
        """What the traffic itself took so far."""
        lags = self.ledger.lags()
        p50, p99, worst = (percentile(lags, share) or 0.0 for share in (0.5, 0.99, 1))
        generator = self._flow.generator
        return Cost(generator.cpu, generator.wall, p50, p99, worst, self.ledger.unsent)

    def verify(self, api: Api) -> ReadBack:
        """Read back whether every acknowledged write of the journal is there, and once.

        Raises:
            ApiError: the read is not answered as promised.
            TrafficError: none of its own writes was acknowledged.
        """
        self.check()
        if not self.summary().writes and self.settings.writes:
            doubted, write = self.writes.unacknowledged, self.schedule.write
            # The checks' writes are in the journal too.
            own = [row for row in doubted if row.unique.startswith(self.schedule.base)]
            raise TrafficError(
                f"none of the traffic's {len(own):,} writes was acknowledged, so there "
                f"is nothing to read back; see what {api.where} answers to "
                f"{write.method} {write.path}",
                "\n".join(row.shown for row in own[:5]),
            )
        return read_back(api, self.writes)
