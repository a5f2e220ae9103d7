"""Traffic that is more patient than the packaged one, waited for; and generators that break."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Event
from typing import Any

from pytest_canary.api.factory import client_for
from pytest_canary.api.writes import Writes
from pytest_canary.config.api_settings import ApiSettings
from pytest_canary.config.settings import Settings
from pytest_canary.traffic import TrackTraffic, Traffic
from pytest_canary.traffic.flow import Generate
from pytest_canary.traffic.generator import Bounds, Generator
from pytest_canary.traffic.ledger import Ledger
from pytest_canary.traffic.sender import Sender

PATIENT = Bounds(too_late=60.0)
"""However long a busy machine holds the generator up, requests are sent."""

patient: Generate = partial(Generator, bounds=PATIENT)


def sends_by(sender: Sender, bounds: Bounds = PATIENT) -> Generate:
    """Generators that send by this client, and not by the one that they are given."""

    def generate(urls: Sequence[str], _: Sender, ledger: Ledger, writes: Writes) -> Generator:
        return Generator(urls, sender, ledger, writes, bounds)

    return generate


class Unstartable(Sender):
    """A client that can't start, for this reason."""

    def __init__(self, settings: ApiSettings, why: Exception) -> None:
        super().__init__(settings, 1)
        self._why = why

    async def __aenter__(self) -> Sender:
        raise self._why


class Stuck(Sender):
    """A client that does not come to its end until it is released."""

    def __init__(self, settings: ApiSettings, deadline: float, release: Event) -> None:
        super().__init__(settings, deadline)
        self._release = release

    async def __aexit__(self, *ended: Any) -> None:
        self._release.wait(20)
        await super().__aexit__(*ended)


def until(done: Callable[[], bool]) -> None:
    """Wait for the traffic to have got so far; the deadline is for a test that hangs."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


def traffic_to(
    url: str, settings: Settings, *, anywhere: bool = False, generate: Generate = patient
) -> Traffic:
    """Traffic as a walk has it, not started yet."""
    return Traffic(
        client_for(url, settings), settings.traffic, anywhere=anywhere, generate=generate
    )


def track_traffic_to(
    addresses: Mapping[str, str],
    settings: Settings,
    *,
    rate: float = 100,
    anywhere: bool = False,
    generate: Generate = patient,
) -> TrackTraffic:
    """Traffic to each track as the verdict has it, not started yet."""
    api = client_for("http://127.0.0.1:1", settings)
    return TrackTraffic(
        api, addresses, settings.traffic, rate=rate, anywhere=anywhere, generate=generate
    )


def sends(traffic: Traffic | TrackTraffic, requests: int) -> None:
    """Wait for so many more requests."""
    had = len(traffic.ledger)
    until(lambda: len(traffic.ledger) >= had + requests)


def ran(url: str, settings: Settings, requests: int = 20) -> Traffic:
    """Traffic that has sent so many requests at least, and is over."""
    with traffic_to(url, settings) as traffic:
        until(lambda: len(traffic.ledger) >= requests)
    return traffic


def threads() -> list[str]:
    """The threads of all the traffic that runs."""
    return [thread.name for thread in threading.enumerate() if "canary-traffic" in thread.name]
