"""How the app is asked: its API through the Service, and the traffic, once the Service answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.api.bounded_read import bounded_read
from pytest_canary.api.client import Api
from pytest_canary.api.factory import client_for
from pytest_canary.core.errors import ReleaseError, TrafficError
from pytest_canary.traffic import Traffic
from pytest_canary.traffic.generator import Generator

if TYPE_CHECKING:
    from pytest_canary.config.plan import Plan
    from pytest_canary.context.address import Address
    from pytest_canary.context.journal import Journal
    from pytest_canary.core.waiting import Waiter
    from pytest_canary.traffic.flow import Generate

WHEN = "at the end of the stage `baseline`, or of `migration` in a first release"


class AppAccess:
    """The app as its users reach it.

    Args:
        plan: how it is asked, and whether there is traffic.
        journal: learns of the traffic.
        elsewhere: whether the Service has an address of its own; kind's is on loopback.
        generate: makes what sends the traffic.

    Attributes:
        detour: why neither the share of connections nor a lost request says anything; empty where
            they do.
    """

    def __init__(
        self, plan: Plan, journal: Journal, *, elsewhere: bool, generate: Generate = Generator
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._elsewhere = elsewhere
        self._generate = generate
        self.detour = ""
        self._api: Api | None = None
        self._traffic: Traffic | None = None
        self._phase = ("", "")

    def open(self, address: Address, waiter: Waiter) -> None:
        """Wait until something answers at the Service's address, and let the traffic flow.

        Raises:
            WaitTimeoutError: nothing does.
            ApiError: the row that a bounded read asks for can't be written.
        """
        settings = self._plan.settings
        journal = self._journal
        self._api = client_for(address.url, settings, journal.writes, journal.redactor)
        if address.session:
            self._api = self._api.at(address.url, address.session, self._api.where)
        self.detour = address.detour
        self._api.wait_until_reachable(waiter, settings.deadlines.rollout)
        if self._plan.traffic and self._traffic is None:
            traffic = Traffic(
                self._api,
                settings.traffic,
                read=bounded_read(self._api),
                anywhere=self._elsewhere,
                generate=self._generate,
            )
            traffic.enter_phase(*self._phase)
            self._traffic = traffic.start()
            self._journal.keep_traffic(self._traffic)

    @property
    def api(self) -> Api:
        """The API through the Service.

        Raises:
            ReleaseError: no version is live yet.
        """
        if self._api is None:
            raise ReleaseError(f"the app can't be asked yet: its Service answers {WHEN}")
        return self._api

    @property
    def traffic(self) -> Traffic:
        """The load that runs from the baseline to the rollback.

        Raises:
            TrafficError: it doesn't.
        """
        if self._traffic is None:
            why = f"it starts {WHEN}" if self._plan.traffic else "as traffic.rate is 0"
            raise TrafficError(f"there is no traffic: {why}")
        return self._traffic

    @property
    def has_traffic(self) -> bool:
        """Whether the traffic has started."""
        return self._traffic is not None

    def enter_phase(self, stage: str, transition: str) -> None:
        """Let the traffic know where the walk stands."""
        if stage:
            self._phase = (stage, transition)
            if self._traffic:
                self._traffic.enter_phase(stage, transition)

    def stop(self) -> None:
        """End the traffic."""
        if self._traffic:
            self._traffic.stop()
