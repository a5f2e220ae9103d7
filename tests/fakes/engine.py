"""The container engine, in memory."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_canary.cluster.container_engine import (
    NETWORK,
    ContainerEngine,
    Image,
    Network,
    NodeContainer,
    Server,
)
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.processes import Processes

IMAGES = {"baseline": "addressbook:111111111111", "candidate": "addressbook:222222222222"}
VOLUME = "a1b2c3"


def image_id(name: str) -> str:
    """An ID that no image of another name has."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


class Engine(ContainerEngine):
    """The container engine: what it has besides images, until kind deletes the cluster.

    Attributes:
        stays: names of what outlives the cluster.
        neighbours: other clusters' containers in the network "kind".
        network_ids: the IDs of those networks that there are, by name.
        ports: ports of this machine that are mapped into the node.
        known: images that it has besides the walk's, by name.
        refuses: why the node's container can't be removed.
        mounts: the paths in the node on which something is mounted.
        labelled: names of the containers that jobs have left, by their IDs.
        node_id: the ID of the node's container.
        serving: the servers that it has been asked for.
        loaded: the images that were put into a node together, each time.
        started_at: when that was started.
        silent: why it does not tell.
        identity: its ID.
        away: what whoever asks it for what it has is told instead.
        meanwhile: called when a network is removed, which is the last that a run asks of it.
    """

    version = "29"
    endpoint = "unix:///var/run/docker.sock"

    def __init__(self, node: str, deleted: Path) -> None:
        self.stays: set[str] = set()
        self.neighbours: set[str] = set()
        self.version = "29.1"
        self.refs = set(IMAGES.values())
        self.known: dict[str, Image] = {}
        self.network_ids = {NETWORK: "network-1", "bridge": "network-2"}
        self.refuses = ""
        self.mounts: frozenset[str] = frozenset()
        self.node_id = "node-1"
        self.ports: set[int] = set()
        self.labelled: dict[str, str] = {}
        self.serving: list[Server] = []
        self.loaded: list[list[str]] = []
        self.started_at, self.silent = "2026-01-01T10:00:00Z", ""
        self.identity, self.away = "engine-1", ""
        self.meanwhile: Callable[[], object] = lambda: None
        self._node, self._deleted = node, deleted

    @property
    def id(self) -> str:
        self._answer()
        return self.identity

    def _answer(self) -> None:
        if self.away:
            raise CommandError(self.away)

    def find(self, name: str) -> Image | None:
        known = Image(image_id(name), name) if name in self.refs else None
        return self.known.get(name, known)

    def pull(self, name: str, timeout: float) -> Image:
        return Image(image_id(name), name)

    def build(
        self,
        context: Path,
        dockerfile: Path,
        args: Mapping[str, str],
        tag: str,
        iidfile: Path,
        timeout: float,
    ) -> Image:
        """What the script that stands in for `docker` says."""
        try:
            Processes().run(["docker", "build", context], timeout=timeout)
        except CommandError as error:
            raise ImageError(f"the image can't be built: {error.sentence}", error.output) from error
        return Image(image_id(tag), tag)

    def labelled_containers(self, label: str) -> dict[str, str]:
        self._answer()
        return {
            **self.labelled,
            **{each.name: each.name for each in self.serving if each.label == label},
        }

    def with_own_name(self, image: Image, repository: str, run: str) -> Image:
        return image

    def tag(self, image: Image) -> None:
        pass

    def untag(self, ref: str) -> None:
        self.refs -= {ref} - self.stays

    def push(self, image: Image, timeout: float) -> None:
        pass

    def load(self, images: Sequence[Image], node: str, timeout: float) -> None:
        self.loaded.append([image.ref for image in images])

    def node_containers(self, cluster: str) -> list[NodeContainer]:
        self._answer()
        volumes, ports = frozenset({VOLUME}), frozenset(self.ports)
        return [
            NodeContainer(self.node_id, name, self.mounts, volumes, ports)
            for name in self._left(self._node)
        ]

    def serve(self, server: Server) -> None:
        self.serving.append(server)

    def names_with(self, part: str) -> list[str]:
        return sorted(name for name in self.refs if part in name)

    def start_time(self, container: str) -> str:
        if self.silent or container not in self._left(self._node):
            raise CommandError(self.silent or f"no such container: {container}")
        return self.started_at

    def host_port(self, container: str, port: int) -> int | None:
        return min(self.ports, default=None)

    def volumes(self) -> frozenset[str]:
        self._answer()
        return self._left(VOLUME) | {"another-s"}

    def networks(self, name: str) -> list[Network]:
        self._answer()
        if name not in self.network_ids:
            return []
        members = self._left(self._node) | self.neighbours | {each.name for each in self.serving}
        return [Network(self.network_ids[name], members)]

    def remove_network(self, network: str) -> None:
        self.meanwhile()
        if network not in self.stays:
            self.network_ids = {n: i for n, i in self.network_ids.items() if i != network}

    def remove_container(self, container: str) -> None:
        """From then on there is no cluster."""
        if self.refuses:
            raise CommandError(self.refuses)
        if self.labelled.pop(container, None):
            return
        left = [each for each in self.serving if each.name != container]
        if left != self.serving:
            self.serving = left
            return
        assert container == self.node_id
        self._deleted.touch()

    def _left(self, name: str) -> frozenset[str]:
        there = name in self.stays if self._deleted.exists() else True
        return frozenset({name} if there else ())
