"""What tests of what is measured stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes import rude_server
from fakes.pages import Pods, showing
from fakes.rude_server import RudeServer

if TYPE_CHECKING:
    from fakes.tracks import NewPlace, Place
    from fakes.world import NewWorld, World

    from pytest_canary.config.settings import Settings
    from pytest_canary.sides.tracks import Tracks
    from pytest_canary.traffic import TrackTraffic


@pytest.fixture
def pods() -> Iterator[Pods]:
    """One canary and two stable pods that show pages, and a kubelet."""
    with showing() as made:
        yield made


@pytest.fixture
def new_place(tmp_path: Path) -> NewPlace:
    """Makes a namespace with both tracks in it, and no walk."""
    from fakes.tracks import Place

    return lambda **options: Place(tmp_path, **options)


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    """One with a canary and two stable pods."""
    return new_place()


@pytest.fixture
def echoing() -> Iterator[RudeServer]:
    """An app that answers at once."""
    made = RudeServer(rude_server.echoes)
    yield made
    made.stop()


@pytest.fixture
def settings(configured: Callable[..., Settings]) -> Settings:
    """Those of traffic that is asked for as soon as it is there."""
    return configured(deadlines={"request": 5}, traffic={"rate": 60})


@pytest.fixture
def traffic(echoing: RudeServer, settings: Settings) -> Iterator[TrackTraffic]:
    """That of stable alone, which is not started yet."""
    from fakes.traffic import track_traffic_to

    made = track_traffic_to({"stable": echoing.url}, settings)
    yield made
    made.stop()


@pytest.fixture
def opened(world: World) -> Iterator[Tracks]:
    """The tracks of a world that has its canary, stopped in the end."""
    from pytest_canary.manifests.version import TRACKS
    from pytest_canary.sides.tracks import Tracks

    context = world.enter("canary").context
    made = Tracks(
        context.provisioned.owner,
        context.observer,
        context.settings.service_name,
        {track: context.settings.deployment_name(track) for track in TRACKS},
        lambda port: f"http://127.0.0.1:{context.cluster.host_port(context.engine, port)}",
    )
    made.open()
    assert made.absent == ""
    yield made
    made.stop()


@pytest.fixture
def loaded(new_world: NewWorld) -> World:
    """A healthy world under traffic."""
    from fakes.world_settings import JUDGED

    return new_world(**JUDGED)
