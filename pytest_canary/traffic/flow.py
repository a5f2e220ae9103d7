"""A generator's life, and whether what it counted says anything: what all traffic has in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_canary.api.client import Api
from pytest_canary.api.writes import Writes
from pytest_canary.core.errors import TrafficError
from pytest_canary.traffic.generator import Generator
from pytest_canary.traffic.ledger import Ledger, Phase
from pytest_canary.traffic.sender import Sender, loopback, without_lookup

NONE = "there is no traffic, as traffic.rate is 0"

Generate = Callable[[Sequence[str], Sender, Ledger, Writes], Generator]
"""Makes what sends, of the base URLs, one a target, the client, the ledger and the journal."""


class Flow:
    """A generator in a thread of its own.

    Args:
        name: what errors call it: "the traffic".
        api: the app; tells the requests' deadline, what they bring along and the headers, and has
            the journal that the writes are entered in.
        addresses: base URLs without a path, by track, in the ledger's order.
        ledger: tells the schedule, and is kept.
        anywhere: allow a URL that is not this machine's.
        generate: makes what sends.

    Attributes:
        generator: what sends.

    Raises:
        TrafficError: a URL is not this machine's.
    """

    def __init__(
        self,
        name: str,
        api: Api,
        addresses: Mapping[str, str],
        ledger: Ledger,
        *,
        anywhere: bool,
        generate: Generate,
    ) -> None:
        for url in addresses.values():
            if not anywhere and not loopback(url):
                raise TrafficError(
                    f"{name} would go to {url}, which is not this machine; it only goes "
                    "elsewhere where it is told to (anywhere=True)"
                )
        self.name = name
        self.ledger = ledger
        sender = Sender(api.settings, api.timeout, api.credentials)
        urls = [without_lookup(addresses[track]) for track in ledger.tracks]
        self.generator = generate(urls, sender, ledger, api.writes)

    def start(self) -> None:
        """Start sending; the first request is due now. Starting what runs changes nothing.

        Raises:
            TrafficError: it could not start, is over, or the rate is 0.
        """
        if self.generator.over:
            raise TrafficError(f"{self.name} is over, and can't be started again; make another")
        if not self.ledger.schedule.pace.rate:
            raise TrafficError(NONE)
        self.generator.start()
        if self.generator.failure:
            self.check_runs()

    def stop(self) -> None:
        """Send no more, and return when every request has its answer or its deadline has passed."""
        self.generator.stop()

    def enter_phase(self, stage: str, transition: str) -> None:
        """From now on, requests belong to this stage, and to this transition while there is one."""
        self.ledger.entered.append(Phase(self.generator.now(), stage, transition))

    @property
    def sent(self) -> int:
        """Requests that went out so far."""
        return len(self.ledger) - self.ledger.unsent

    def check_runs(self) -> None:
        """Return if it runs, or ran until it was stopped.

        Raises:
            TrafficError: it did not; nothing that it counted says anything of the app then.
        """
        if not self.ledger.schedule.pace.rate:
            raise TrafficError(NONE)
        if not self.generator.started:
            raise TrafficError(f"{self.name} was not started, so nothing can be said of it")
        failure = self.generator.failure
        if failure:
            own = isinstance(failure, TrafficError)
            raise TrafficError(
                f"{self.name} broke off after {self.sent:,} requests: "
                f"{failure if own else f'{type(failure).__name__}: {failure}'}; "
                "what came later was not tested"
            ) from failure

    def check(self, remedy: str) -> None:
        """Return if it runs, or ran until it was stopped, and most of what was due was sent.

        Args:
            remedy: what to do where it was not.

        Raises:
            TrafficError: it did not, or nothing was sent yet.
        """
        self.check_runs()
        due, unsent = len(self.ledger), self.ledger.unsent
        if not due:
            raise TrafficError(f"no request was sent yet, so nothing can be said of {self.name}")
        if unsent > due / 2:
            raise TrafficError(
                f"{unsent:,} of {due:,} requests were not sent, as this machine or the app could "
                f"not keep up, so little can be said of {self.name}; {remedy}"
            )
