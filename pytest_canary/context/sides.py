"""Canary and baseline side by side: each asked at an address of its own while both are there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_canary.context.asked import AskedByTrack
from pytest_canary.core.errors import ClusterError
from pytest_canary.traffic.track_traffic import TrackTraffic

if TYPE_CHECKING:
    from pytest_canary.api.client import Api
    from pytest_canary.config.settings import Settings
    from pytest_canary.context.tracks import Tracks
    from pytest_canary.core.waiting import Waiter
    from pytest_canary.traffic import Traffic

# Requests a second to each beside the verdict: they warm pods up, show what comes and goes, and
# are a load that nobody minds.
BASE_RATE = 5.0


class Sides:
    """The tracks' addresses, and the traffic to them, from the canary's readiness to its end.

    Args:
        tracks: the addresses; not made yet.
        api: the app, whose requests are sent.
        settings: the traffic's rate and the verdict's.
        elsewhere: whether the addresses are another machine's.

    Attributes:
        traffic: asks both; None while it does not.
    """

    def __init__(self, tracks: Tracks, api: Api, settings: Settings, *, elsewhere: bool) -> None:
        self.traffic: TrackTraffic | None = None
        self._tracks = tracks
        self._api = api
        self._settings = settings
        self._elsewhere = elsewhere

    def open(self, waiter: Waiter) -> None:
        """Let both be asked, where they can be; `absent` says why not.

        Raises:
            WaitTimeoutError: the canary does not answer, and the baseline does.
        """
        self._tracks.open()
        self._tracks.follow()
        self._tracks.wait_until_served(waiter)
        if not self.absent:
            self.traffic = TrackTraffic(
                self._api,
                self._tracks.addresses,
                self._settings.traffic,
                rate=BASE_RATE,
                anywhere=self._elsewhere,
            ).start()

    @property
    def absent(self) -> str:
        """Why they are not asked at addresses of their own; empty where they are."""
        return self._tracks.absent

    def asked(self, beside: Traffic) -> AskedByTrack | None:
        """Whom a verdict is to ask; None where they have no addresses.

        Args:
            beside: the traffic through the Service.
        """
        if self.traffic is None:
            return None
        first, most = self._settings.traffic.rate / 2, self._settings.verdict.rate
        return AskedByTrack(self.traffic, first, most, lambda: self._tracks.trouble, beside)

    def stop(self) -> None:
        """Ask nobody any more."""
        if self.traffic:
            self.traffic.stop()
        self._tracks.stop()

    def close(self) -> None:
        """Ask nobody any more, and give the addresses up."""
        self.stop()
        with contextlib.suppress(ClusterError):  # the run's cleanup deletes them then
            self._tracks.close()
