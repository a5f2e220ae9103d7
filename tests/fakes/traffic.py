"""Generators of traffic that are more patient than the packaged one, or break."""

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any

from pytest_canary.api.writes import Writes
from pytest_canary.config.settings import ApiSettings
from pytest_canary.traffic.generator import Bounds, Generator
from pytest_canary.traffic.ledger import Ledger
from pytest_canary.traffic.sender import Sender

Generate = Callable[[str, Sender, Ledger, Writes], Generator]

PATIENT = Bounds(too_late=60.0)
"""However long a busy machine holds the generator up, requests are sent."""

patient: Generate = partial(Generator, bounds=PATIENT)


def sends_by(sender: Sender, bounds: Bounds = PATIENT) -> Generate:
    """Generators that send by this client, and not by the one that they are given."""

    def generate(url: str, _: Sender, ledger: Ledger, writes: Writes) -> Generator:
        return Generator(url, sender, ledger, writes, bounds)

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
