"""What the engine is asked through Docker's API, by a client that answers from memory."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import pytest
import requests

from pytest_canary.cluster.container_engine import (
    ContainerEngine,
    EngineInfo,
    Network,
    NodeContainer,
)
from pytest_canary.cluster.engine import Engine
from pytest_canary.core.errors import CommandError


class Docker:
    """Docker's client, as far as the engine asks it.

    Attributes:
        stays: why something can't be removed.
        gone: whether it went before it could be removed.
        images: what it has, by name.
        referring: by network, the names of the containers that refer to it; only those whose name
            begins with "up" run.
        removed: the IDs of what was removed, with how.
        told: what it says of itself, beside its ID.
    """

    def __init__(self, **how: Any) -> None:
        self.how = how
        self.told: dict[str, Any] = {}
        self.stays, self.gone = "", False
        self.asked: list[dict[str, Any]] = []
        self.images: dict[str, dict[str, Any]] = {}
        self.referring: dict[str, list[str]] = {}
        self.removed: list[tuple[str, dict[str, Any]]] = []
        self.containers = SimpleNamespace(list=self._containers, get=lambda _: self._container())
        self.volumes = SimpleNamespace(
            list=lambda: [SimpleNamespace(name="a"), SimpleNamespace(name="b")]
        )
        self.api = SimpleNamespace(
            inspect_image=self._image,
            networks=self._networks,
            containers=self._summaries,
            remove_network=self._remove,
            remove_container=self._remove,
        )

    def ping(self) -> None:
        pass

    def _image(self, name: str) -> dict[str, Any]:
        if name not in self.images:
            raise docker.errors.ImageNotFound(f"no such image: {name}")
        return self.images[name]

    def info(self) -> dict[str, Any]:
        return {"ID": "6c1f"} | self.told

    def _container(self) -> Any:
        return SimpleNamespace(
            id="c0ffee",
            name="canary-1-control-plane",
            attrs={
                "Mounts": [
                    {"Type": "volume", "Name": "a", "Destination": "/var"},
                    {"Type": "bind", "Source": "/dev/null", "Destination": "/pytest-canary/1"},
                ]
            },
            ports={
                "30000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "41000"}],
                "30001/tcp": [{"HostIp": "127.0.0.1", "HostPort": "41001"}],
                "80/tcp": None,
            },
        )

    def _containers(self, **how: Any) -> list[Any]:
        self.asked.append(how)
        return [self._container()]

    def _networks(self, names: list[str]) -> list[dict[str, str]]:
        return [
            {"Name": name, "Id": f"id-of-{name}"} for name in self.referring if names[0] in name
        ]

    def _summaries(self, **how: Any) -> list[dict[str, Any]]:
        assert how == {"all": True}
        summaries = []
        for network, names in self.referring.items():
            for name in names:
                joined: Any = {"Networks": {network: {}}} if name.startswith("up") else None
                mode = network if not name.startswith("up") else "default"
                summaries.append(
                    {
                        "Names": [f"/{name}"],
                        "NetworkSettings": joined,
                        "HostConfig": {"NetworkMode": mode},
                    }
                )
        return summaries

    def _remove(self, name: str, **how: Any) -> None:
        if self.gone:
            raise docker.errors.NotFound("no such thing")
        if self.stays:
            raise docker.errors.APIError(self.stays)
        self.removed.append((name, how))


@pytest.fixture
def client() -> Docker:
    return Docker()


@pytest.fixture
def engine(client: Docker, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    monkeypatch.setattr(docker, "DockerClient", lambda **_: client)
    return Engine()


def test_an_engine_tells_itself_from_others(engine: ContainerEngine) -> None:
    assert (engine.id, engine.endpoint) == ("6c1f", "unix:///nowhere")


def test_a_nodes_container_tells_its_volumes_and_ports(
    engine: ContainerEngine, client: Docker
) -> None:
    assert engine.node_containers("canary-1") == [
        NodeContainer(
            "c0ffee",
            "canary-1-control-plane",
            frozenset({"/var", "/pytest-canary/1"}),
            frozenset({"a"}),
            frozenset({41000, 41001}),
        )
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


def test_a_network_tells_who_refers_to_it_running_or_not(
    engine: ContainerEngine, client: Docker
) -> None:
    assert engine.networks("kind") == []
    client.referring = {"kindness": ["up-another"]}
    assert engine.networks("kind") == []
    client.referring["kind"] = []
    assert engine.networks("kind") == [Network("id-of-kind")]
    client.referring["kind"] = ["up-and-running", "stopped"]
    both = frozenset({"up-and-running", "stopped"})
    assert engine.networks("kind") == [Network("id-of-kind", both)]


def test_a_container_is_removed_with_its_volumes_whatever_it_does(
    engine: ContainerEngine, client: Docker
) -> None:
    engine.remove_container("c0ffee")
    assert client.removed == [("c0ffee", {"v": True, "force": True})]


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


def test_an_engine_that_is_gone_meanwhile_is_told_in_words(
    engine: ContainerEngine, client: Docker
) -> None:
    def refuse() -> list[Any]:
        raise requests.ConnectionError("('Connection aborted.', ConnectionRefusedError(111))")

    client.volumes.list = refuse
    with pytest.raises(CommandError) as gone:
        engine.volumes()
    assert gone.value.sentence == (
        "the container engine at unix:///nowhere does not answer any more; start it, and try again"
    )


REMOVALS = ["remove_network", "remove_container"]


@pytest.mark.parametrize("remove", REMOVALS)
def test_what_is_gone_already_is_removed(
    engine: ContainerEngine, client: Docker, remove: str
) -> None:
    client.gone = True
    getattr(engine, remove)("c0ffee")


@pytest.mark.parametrize(
    ("remove", "why"),
    [
        ("remove_network", "network kind has active endpoints"),
        ("remove_container", "removal of container c0ffee is already in progress"),
    ],
)
def test_what_others_use_or_remove_is_left_to_them(
    engine: ContainerEngine, client: Docker, remove: str, why: str
) -> None:
    client.stays = why
    getattr(engine, remove)("c0ffee")
    assert client.removed == []


@pytest.mark.parametrize("remove", REMOVALS)
def test_what_can_not_be_removed_is_told(
    engine: ContainerEngine, client: Docker, remove: str
) -> None:
    client.stays = "permission denied"
    with pytest.raises(CommandError, match="c0ffee can't be removed: permission denied"):
        getattr(engine, remove)("c0ffee")


def test_what_it_says_of_itself_may_be_little(engine: Engine, client: Docker) -> None:
    assert engine.about == EngineInfo()
    client.told = {
        "DockerRootDir": "/var/lib/docker",
        "MemTotal": 8_000_000_000,
        "HttpProxy": "",
        "HttpsProxy": "http://proxy.example:3128",
    }
    proxies = ("http://proxy.example:3128",)
    assert engine.about == EngineInfo("/var/lib/docker", 8_000_000_000, proxies)
