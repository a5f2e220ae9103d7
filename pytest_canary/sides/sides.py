"""Canary and baseline side by side: each asked at an address of its own while both are there."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from pytest_canary.api.bounded_read import bounded_read, rows_read
from pytest_canary.config.verdict_rate import first_rate
from pytest_canary.core.errors import ClusterError
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.sides.alone import SECONDS, Alone, load_alone
from pytest_canary.sides.asked import AskedByTrack
from pytest_canary.traffic.generator import Generator
from pytest_canary.traffic.track_traffic import TrackTraffic

if TYPE_CHECKING:
    from pytest_canary.analysis.reference import Sample
    from pytest_canary.api.client import Api
    from pytest_canary.config.settings import ReplicaSettings, TrafficSettings, VerdictSettings
    from pytest_canary.core.waiting import Waiter
    from pytest_canary.sides.tracks import Tracks
    from pytest_canary.traffic import Traffic
    from pytest_canary.traffic.flow import Generate

# Requests a second to each beside the verdict: they warm pods up, show what comes and goes, and
# are a load that nobody minds.
BASE_RATE = 5.0

# Seconds beyond a request's deadline in which all that was sent has surely come to its end.
PATIENCE = 5.0


class Sides:
    """The tracks' addresses, and the traffic to them, from the baseline's readiness on.

    Args:
        tracks: the addresses; not made yet.
        api: the app, whose requests are sent.
        sent: the settings of the traffic to both.
        verdict: the verdict's, whose rate it is while they are compared.
        replicas: how many pods each has.
        elsewhere: whether the addresses are another machine's.
        seconds: for which the baseline is asked alone.
        generate: makes what sends.

    Attributes:
        traffic: asks both; None while it does not.
        alone: what became of the baseline's requests before the canary was there; None where it
            was not asked then.
    """

    def __init__(
        self,
        tracks: Tracks,
        api: Api,
        sent: TrafficSettings,
        verdict: VerdictSettings,
        replicas: ReplicaSettings,
        *,
        elsewhere: bool,
        seconds: float = SECONDS,
        generate: Generate = Generator,
    ) -> None:
        self.traffic: TrackTraffic | None = None
        self.alone: Sample | None = None
        self._tracks = tracks
        self._api = api
        self._sent, self._verdict, self._replicas = sent, verdict, replicas
        self._elsewhere = elsewhere
        self._seconds = seconds
        self._generate = generate
        self._asks_alone: Alone | None = None

    def ask_baseline(self, waiter: Waiter) -> None:
        """Make the addresses, where they can be, and ask the baseline alone for some seconds.

        It goes on in the background; `absent` says why it does not.

        Raises:
            ApiError: the row that a bounded read asks for can't be written.
        """
        self._make(waiter, STABLE)
        if self.absent:
            return
        rate, settings = load_alone(self._sent, self._verdict, self._replicas)
        addresses = {STABLE: self._tracks.addresses[STABLE]}
        traffic = self._traffic_to(addresses, settings, rate)
        self._asks_alone = Alone(traffic, partial(rows_read, self._api), self._seconds).start()

    def keep_alone(self, waiter: Waiter) -> None:
        """Wait until the baseline was asked for long enough, and keep what came of it."""
        if self._asks_alone:
            patience = self._api.timeout + PATIENCE
            self.alone = self._asks_alone.end(waiter, patience)

    def open(self, waiter: Waiter, stage: str) -> None:
        """Let both be asked, where they can be; `absent` says why not.

        Args:
            waiter: waits.
            stage: where the walk stands.

        Raises:
            WaitTimeoutError: the canary does not answer, and the baseline does.
            ApiError: the row that a bounded read asks for can't be written.
        """
        self._make(waiter, STABLE, CANARY)
        if not self.absent:
            addresses = self._tracks.addresses
            traffic = self._traffic_to(addresses, self._sent, BASE_RATE)
            traffic.enter_phase(stage)
            self.traffic = traffic.start()

    def _make(self, waiter: Waiter, *tracks: str) -> None:
        """Make the addresses unless they are there, and wait until these are answered."""
        if not (self.absent or self._tracks.addresses):
            self._tracks.open()
            self._tracks.follow()
        self._tracks.wait_until_served(waiter, self._api, of=tracks)

    def _traffic_to(
        self, addresses: Mapping[str, str], settings: TrafficSettings, rate: float
    ) -> TrackTraffic:
        return TrackTraffic(
            self._api,
            addresses,
            settings,
            rate=rate,
            read=bounded_read(self._api),
            anywhere=self._elsewhere,
            generate=self._generate,
        )

    @property
    def absent(self) -> str:
        """Why they are not asked at addresses of their own; empty where they are."""
        return self._tracks.absent

    @property
    def pods(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the pods that are asked, by track; empty where they are not asked there."""
        return {} if self.absent else self._tracks.pods

    def asked_by_track(self, beside: Traffic) -> AskedByTrack | None:
        """Whom a verdict is to ask; None where they have no addresses.

        Args:
            beside: the traffic through the Service.
        """
        if self.traffic is None:
            return None
        first, most = first_rate(self._sent, self._verdict), self._verdict.rate
        return AskedByTrack(
            self.traffic, first, most, lambda: self._tracks.trouble, beside, self._median_alone()
        )

    def _median_alone(self) -> float | None:
        """Seconds that the baseline would take by now if there were no canary, in the median."""
        if self.alone is None or not len(self.alone.requests.latencies):
            return None
        growth = self.alone.growth(rows_read(self._api))
        usual: float = median(self.alone.requests.latencies.tolist())
        return growth * usual

    def stop(self) -> None:
        """Ask nobody any more."""
        if self._asks_alone:
            self._asks_alone.stop()
        if self.traffic:
            self.traffic.stop()
        self._tracks.stop()

    def close(self) -> None:
        """Ask nobody any more, and give the addresses up."""
        self.stop()
        with contextlib.suppress(ClusterError):  # the run's cleanup deletes them then
            self._tracks.close()
