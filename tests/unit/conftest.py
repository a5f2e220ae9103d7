"""What tests of several rooms stand on: a healthy world, a server, settings, captured objects.

fixtures/objects/README.md says how the captured ones came about.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from fakes.api_server import ApiServer, serving_api
from fakes.folders import FIXTURES
from fakes.memory import begin_measuring
from fakes.server import Server
from hypothesis import strategies

from pytest_canary.config.settings import Settings
from pytest_canary.config.settings_file import check

if TYPE_CHECKING:
    from fakes.world import NewWorld, World

OBJECTS = FIXTURES / "objects"

# The same examples every time, so that no run fails by chance; `make soak` looks for others.
hypothesis.settings.register_profile(
    "few",
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.register_profile(
    "soak", hypothesis.settings.get_profile("few"), max_examples=5000, derandomize=False
)
hypothesis.settings.load_profile("few")


# Bytes that input which nobody means may take, all examples of a test together.
BOUND = 200 * 10**6


@hypothesis.given(strategies.text(), strategies.integers(), strategies.floats())
@hypothesis.settings(max_examples=1)
def draw(_text: str, _count: int, _part: float) -> None:
    """Let Hypothesis look up what it keeps: Unicode's tables, and the constants of all sources."""


@pytest.fixture(autouse=True)
def bounded_memory(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever Hypothesis makes up takes no more than `BOUND`."""
    if not request.node.get_closest_marker("hypothesis"):
        yield
        return
    draw()
    taken = begin_measuring()
    yield
    assert taken() < BOUND, f"{taken():,} bytes were taken at once"


@dataclass
class Objects:
    """A namespace at one moment; a test may change its copy."""

    deployments: dict[str, dict[str, Any]]
    pods: list[dict[str, Any]]
    slices: list[dict[str, Any]]

    def pod(self, prefix: str) -> dict[str, Any]:
        """The first pod whose name begins so."""
        return next(pod for pod in self.pods if pod["metadata"]["name"].startswith(prefix))


@pytest.fixture
def captured() -> Callable[[str], Objects]:
    """Reads fixtures/objects/NAME.json."""

    def read(name: str) -> Objects:
        items = json.loads((OBJECTS / f"{name}.json").read_text())["items"]

        def of(kind: str) -> list[dict[str, Any]]:
            return [item for item in items if item["kind"] == kind]

        deployments = {item["metadata"]["name"]: item for item in of("Deployment")}
        return Objects(deployments, of("Pod"), of("EndpointSlice"))

    return read


@pytest.fixture
def server() -> Iterator[Server]:
    """A real HTTP server on loopback."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def api_server() -> Iterator[ApiServer]:
    """An API server on loopback that knows of nothing yet."""
    with serving_api() as running:
        yield running


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Settings]:
    """Makes the settings of a project in the addressbook's layout, from its file's tables."""
    (tmp_path / "manifests").mkdir()
    for name in ("Dockerfile", "apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (tmp_path / name).touch()

    def make(**tables: Any) -> Settings:
        return check(tables, tmp_path, "canary.toml")

    return make


@pytest.fixture
def new_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NewWorld]:
    """Makes healthy worlds, a walk in each, and stops them in the end."""
    from fakes.world import World  # it imports the whole product, which most rooms' tests don't

    made: list[World] = []

    def make(**table: Any) -> World:
        made.append(World(tmp_path, monkeypatch, **table))
        return made[-1]

    yield make
    for world in made:
        world.stop()


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """A healthy one, with the usual settings."""
    return new_world()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started."""
    found: list[subprocess.Popen[bytes]] = []
    popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen

    def start(*args: object, **options: object) -> subprocess.Popen[bytes]:
        found.append(popen(*args, **options))
        return found[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    return found
