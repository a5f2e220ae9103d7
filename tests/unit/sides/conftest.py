"""What tests of what is measured stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.pages import Pods, showing

if TYPE_CHECKING:
    from fakes.tracks import NewPlace, Place
    from fakes.world import NewWorld, World

    from pytest_canary.sides.tracks import Tracks


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
    from fakes.world_settings import LOADED

    return new_world(**LOADED)
