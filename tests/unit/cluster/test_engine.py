"""What the engine is asked through Docker's API, by a client that answers from memory."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import pytest

from pytest_canary.cluster.container_engine import ContainerEngine, NodeContainer
from pytest_canary.cluster.engine import Engine
from pytest_canary.core.errors import CommandError


class Docker:
    """Docker's client, as far as the engine asks it.

    Attributes:
        stays: why a network can't be removed.
        goes: how often a network goes while networks are listed.
        images: what it has, by name.
    """

    def __init__(self, **_: Any) -> None:
        self.stays = ""
        self.goes = 0
        self.asked: list[dict[str, Any]] = []
        self.inside: dict[str, list[str] | None] = {}
        self.images: dict[str, dict[str, Any]] = {}
        self.api = SimpleNamespace(inspect_image=self._image)
        self.containers = SimpleNamespace(list=self._containers, get=lambda _: self._container())
        self.networks = SimpleNamespace(list=self._networks)
        self.volumes = SimpleNamespace(
            list=lambda: [SimpleNamespace(name="a"), SimpleNamespace(name="b")]
        )

    def ping(self) -> None:
        pass

    def _image(self, name: str) -> dict[str, Any]:
        if name not in self.images:
            raise docker.errors.ImageNotFound(f"no such image: {name}")
        return self.images[name]

    def _container(self) -> Any:
        return SimpleNamespace(
            name="canary-1-control-plane",
            attrs={"Mounts": [{"Type": "volume", "Name": "a"}, {"Type": "bind", "Source": "/lib"}]},
            ports={
                "30000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "41000"}],
                "30001/tcp": [{"HostIp": "127.0.0.1", "HostPort": "41001"}],
                "80/tcp": None,
            },
        )

    def _containers(self, **how: Any) -> list[Any]:
        self.asked.append(how)
        return [self._container()]

    def _networks(self, names: list[str], greedy: bool = False) -> list[Any]:
        if greedy and self.goes:
            self.goes -= 1
            raise docker.errors.NotFound("network 4711 not found")

        def remove(name: str) -> None:
            if self.stays:
                raise docker.errors.APIError(self.stays)
            del self.inside[name]

        return [
            SimpleNamespace(
                name=name,
                attrs={
                    "Containers": inside
                    and {str(number): {"Name": each} for number, each in enumerate(inside)}
                },
                remove=lambda name=name: remove(name),
            )
            for name, inside in list(self.inside.items())
            if names[0] in name
        ]


@pytest.fixture
def client() -> Docker:
    return Docker()


@pytest.fixture
def engine(client: Docker, monkeypatch: pytest.MonkeyPatch) -> ContainerEngine:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    monkeypatch.setattr(docker, "DockerClient", lambda **_: client)
    return Engine()


def test_a_nodes_container_tells_its_volumes_and_ports(
    engine: ContainerEngine, client: Docker
) -> None:
    assert engine.node_containers("canary-1") == [
        NodeContainer("canary-1-control-plane", frozenset({"a"}), frozenset({41000, 41001}))
    ]
    assert client.asked == [
        {
            "all": True,
            "filters": {"label": "io.x-k8s.kind.cluster=canary-1"},
            "ignore_removed": True,
        }
    ]


@pytest.mark.parametrize(("port", "mapped"), [(30001, 41001), (80, None), (443, None)])
def test_a_port_is_mapped_or_not(engine: ContainerEngine, port: int, mapped: int | None) -> None:
    assert engine.host_port("canary-1-control-plane", port) == mapped


def test_volumes_are_told_by_their_names(engine: ContainerEngine) -> None:
    assert engine.volumes() == {"a", "b"}


def test_a_network_tells_who_is_in_it(engine: ContainerEngine, client: Docker) -> None:
    assert engine.network_members("kind") is None
    client.inside["kindness"] = ["another"]
    assert engine.network_members("kind") is None
    client.inside["kind"] = None
    assert engine.network_members("kind") == frozenset()
    client.inside["kind"] = ["canary-1-control-plane", "canary-2-control-plane"]
    client.goes = 2
    both = frozenset({"canary-1-control-plane", "canary-2-control-plane"})
    assert engine.network_members("kind") == both


def test_a_network_is_removed_and_none_that_only_sounds_like_it(
    engine: ContainerEngine, client: Docker
) -> None:
    client.inside = {"kind": [], "kindness": []}
    engine.remove_network("kind")
    assert set(client.inside) == {"kindness"}
    engine.remove_network("kind")


def test_a_network_that_others_use_stays(engine: ContainerEngine, client: Docker) -> None:
    client.inside, client.stays = {"kind": ["x"]}, "network kind has active endpoints"
    engine.remove_network("kind")
    assert set(client.inside) == {"kind"}


def test_a_network_that_can_not_be_removed_is_told(engine: ContainerEngine, client: Docker) -> None:
    client.inside, client.stays = {"kind": []}, "permission denied"
    with pytest.raises(CommandError, match="network kind can't be removed: permission denied"):
        engine.remove_network("kind")


def test_an_image_tells_its_age_and_whether_a_registry_has_had_it(
    engine: ContainerEngine, client: Docker
) -> None:
    client.images["shop:1"] = {
        "Id": "sha256:1",
        "Created": "2026-10-21T10:00:00Z",
        "RepoDigests": ["shop@sha256:2"],
    }
    client.images["shop:2"] = {"Id": "sha256:2", "Created": None, "RepoDigests": []}
    found, other = engine.find("shop:1"), engine.find("shop:2")
    assert found
    assert other
    assert (found.id, found.created, found.published) == ("sha256:1", "2026-10-21T10:00:00Z", True)
    assert (other.id, other.created, other.published) == ("sha256:2", "", False)
    assert engine.find("shop:3") is None


def test_build_arguments_are_the_builds_alone(
    engine: ContainerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    docker_command = tmp_path / "docker"
    docker_command.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" "host=$DOCKER_HOST" "token=$NPM_TOKEN" >{seen}\n'
        f"echo sha256:7 >{tmp_path}/iid\n"
    )
    docker_command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    args = {"NPM_TOKEN": "geheimnis", "DOCKER_HOST": "tcp://elsewhere", "PATH": "/nowhere"}
    built = engine.build(tmp_path, tmp_path / "Dockerfile", args, "shop:1", tmp_path / "iid", 60)
    assert built.id == "sha256:7"
    lines = seen.read_text().splitlines()
    given = [after for word, after in itertools.pairwise(lines) if word == "--build-arg"]
    assert given == ["NPM_TOKEN", "DOCKER_HOST=tcp://elsewhere", "PATH=/nowhere"]
    assert lines[-2:] == ["host=unix:///nowhere", "token=geheimnis"]
