"""What the engine is asked through Docker's API, by a client that answers from memory."""

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
    """

    def __init__(self, **_: Any) -> None:
        self.stays = ""
        self.goes = 0
        self.asked: list[dict[str, Any]] = []
        self.inside: dict[str, list[str] | None] = {}
        self.containers = SimpleNamespace(list=self._containers, get=lambda _: self._container())
        self.networks = SimpleNamespace(list=self._networks)
        self.volumes = SimpleNamespace(
            list=lambda: [SimpleNamespace(name="a"), SimpleNamespace(name="b")]
        )

    def ping(self) -> None:
        pass

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
