"""Where a run has a registry: who may push there, what the node is told, and what is asked of it.

tests/acceptance has a real one.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from fakes.engine import IMAGES
from fakes.errors import raised
from fakes.world import World
from unit.delivery.conftest import Delivering, canary_pod

from pytest_canary.config.revision import Revision
from pytest_canary.context.builders import role_pipelines
from pytest_canary.core.errors import FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.project_pipelines import ProjectPipelines


class Registry:
    """What a run's registry is asked, and what it says."""

    def __init__(self) -> None:
        self.secrets: list[Mapping[str, str]] = []
        self.asked: list[tuple[str, ...]] = []
        self.refused: list[Finding] = []
        self.other: list[Finding] = []
        self.gone: list[Finding] = []

    def offer(self, programs: Path) -> None:
        self.asked.append(("offer", programs.name))

    def tell(self, node: str) -> None:
        self.asked.append(("tell", node))

    def publish(self, image: Any, name: str) -> str:
        self.asked.append(("publish", name))
        return "sha256:1"

    def pull_secret(self, name: str) -> dict[str, Any]:
        return {"kind": "Secret", "metadata": {"name": name}, "stringData": {"of": "the registry"}}

    def findings(self) -> list[Finding]:
        return self.refused

    def find_moved(self, pods: Iterable[Any]) -> list[Finding]:
        self.asked.append(("moved", str(len(list(pods)))))
        return self.other

    def digest(self, name: str) -> str:
        self.asked.append(("digest", name))
        if self.gone:
            raise FoundError(self.gone)
        return "sha256:1"


def running(registry: Any) -> Callable[..., ProjectPipelines]:
    """Makes what runs pipelines with that registry."""

    def run(
        plan: Any, run: Any, engine: Any, processes: Any, waiter: Any, logs: Any, keep: Any
    ) -> ProjectPipelines:
        def start(secrets: Iterable[Mapping[str, str]]) -> Any:
            registry.secrets = [dict(each) for each in secrets]
            return registry

        on, made = Revision("master", (), "git"), role_pipelines(plan, plan.roles, processes)
        return ProjectPipelines(plan, made, run, engine, processes, waiter, on, logs, keep, start)

    return run


def canary(world: World, tmp_path: Path) -> World:
    world.enter("canary")
    canary_pod(world, tmp_path)
    return world


def test_the_node_pulls_from_it_and_gets_nothing_else(
    delivering: Delivering, tmp_path: Path
) -> None:
    registry = Registry()
    world = canary(delivering(running(registry)), tmp_path)
    names = {name for each in registry.secrets for name in each}
    assert {"DOCKER_USERNAME", "SEMAPHORE_REGISTRY_PASSWORD"} <= names
    node = world.context.cluster.node
    assert registry.asked == [
        ("offer", "programs"),
        ("tell", node),
        ("publish", IMAGES["baseline"]),
        ("moved", "1"),
    ]
    secrets = world.namespace.objects("Secret")
    encoded = base64.b64encode(b"the registry").decode()
    assert {"of": encoded} in [each.get("data") for each in secrets]


def test_what_the_pipelines_know_is_what_lets_them_in(
    delivering: Delivering, tmp_path: Path
) -> None:
    registry = Registry()
    world = canary(delivering(running(registry)), tmp_path)
    (user,) = {each["DOCKER_USERNAME"] for each in registry.secrets if "DOCKER_USERNAME" in each}
    assert world.context.candidate.image.startswith(f"{user}/shop:")


def test_a_push_that_it_refuses_is_told(delivering: Delivering) -> None:
    registry = Registry()
    world = delivering(running(registry))
    world.enter("baseline")
    registry.refused = [Finding("RegistryLoginRefused", "the password is wrong")]
    failing = world.context.transitions
    assert raised(lambda: failing.roll_back()).sentence == "the password is wrong"
    # It is told once, of the pipeline that it was refused.
    failing.roll_back()


def test_a_tag_that_has_moved_until_the_node_pulled_is_told(delivering: Delivering) -> None:
    registry = Registry()
    world = delivering(running(registry))
    registry.other = [Finding("TagMoved", "pod x runs something else")]
    assert raised(lambda: world.enter("canary")).sentence == "pod x runs something else"


def test_the_last_good_image_must_still_be_there(delivering: Delivering, tmp_path: Path) -> None:
    registry = Registry()
    world = canary(delivering(running(registry)), tmp_path)
    registry.gone = [Finding("ImageGone", "the last good image is gone")]
    stage = world.rehearsal.load("rollback")
    step = next(
        each for each in stage.checks if each.sentence == "the last good image is promoted again"
    )
    error = raised(lambda: world.rehearsal.check(step, stage))
    assert error.sentence == "the last good image is gone"
    assert registry.asked[-1] == ("digest", IMAGES["baseline"])
