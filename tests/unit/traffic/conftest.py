"""What the tests of the traffic share: an addressbook, servers of bad manners, and settings."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fakes.persons import Persons
from fakes.rude_server import Manner, RudeServer
from fakes.server import Server

from pytest_canary.config.settings import Settings


@pytest.fixture
def persons(server: Server) -> Persons:
    return Persons(server)


@pytest.fixture
def settings(configured: Callable[..., Settings]) -> Callable[..., Settings]:
    """Makes the settings of much traffic, with deadlines for a busy machine."""

    def make(
        rate: float = 200, writes: float = 0.5, slow: float = 20, request: float = 20, **tables: Any
    ) -> Settings:
        traffic = {"rate": rate, "writes": writes, "slow": slow}
        return configured(traffic=traffic, deadlines={"request": request}, **tables)

    return make


@pytest.fixture
def rudely() -> Iterator[Callable[[Manner], RudeServer]]:
    """Starts servers of bad manners, and stops them at the end."""
    running: list[RudeServer] = []

    def start(manner: Manner) -> RudeServer:
        running.append(RudeServer(manner))
        return running[-1]

    yield start
    for server in running:
        server.stop()
