"""What a run asks of a container engine, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

# What kind calls the engine's network that its clusters share, and the label of its containers.
NETWORK = "kind"
KIND_LABEL = "io.x-k8s.kind.cluster"


def node_name(cluster: str) -> str:
    """What kind calls the one node of a cluster, and its container."""
    return f"{cluster}-control-plane"


@dataclass(frozen=True)
class Image:
    """An image of the engine.

    Attributes:
        id: its ID, "sha256:…".
        ref: the name that manifests get: it holds the ID's first digits, so that a name never
            stands for two contents and a node never has to pull it.
        created: when it was made, as the engine has it; empty where it was just built or named.
        published: whether a registry has had it.
    """

    id: str
    ref: str
    created: str = field(default="", compare=False)
    published: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class EngineInfo:
    """What an engine says of itself.

    Attributes:
        root: the folder that it keeps images in, on the machine that it runs on; empty for none.
        memory: of that machine, in bytes; None where it does not tell.
        proxies: those that it pulls images through.
    """

    root: str = ""
    memory: int | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    """A container that serves a run, beside the cluster's nodes.

    Attributes:
        name: the container's.
        image: what it is made from; the engine has it.
        label: the run's, "key=value".
        port: the TCP port that it listens on.
        loopback: the port of this machine's loopback that leads there.
        environment: its variables; everyone who may use the engine can read them.
        files: what is put into it before it starts, by paths that begin with "/".
    """

    name: str
    image: str
    label: str
    port: int
    loopback: int
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class NodeContainer:
    """A container that is a node of a cluster.

    Attributes:
        id: the engine's ID of it.
        name: the container's, and so the node's.
        mounts: the paths in it on which something is mounted.
        volumes: names of the volumes that it has.
        ports: ports of this machine that are mapped into it.
    """

    id: str
    name: str
    mounts: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Network:
    """A network of the engine.

    Attributes:
        id: the engine's ID of it.
        members: names of the containers that refer to it, those that don't run included: without
            it they can't be started again.
    """

    id: str
    members: frozenset[str] = frozenset()


class ContainerEngine(Protocol):
    """What a run asks of a container engine.

    What it can't do, it says by an ImageError or a CommandError.
    """

    @property
    def version(self) -> str:
        """The engine's own version."""

    @property
    def id(self) -> str:
        """Tells the engine from every other one."""

    @property
    def endpoint(self) -> str:
        """Where it listens, as DOCKER_HOST says it."""

    def find(self, name: str) -> Image | None:
        """The image of that name, where the engine has it."""

    def pull(self, name: str, timeout: float) -> Image:
        """The image of that name, pulled where the engine doesn't have it yet."""

    def build(
        self,
        context: Path,
        dockerfile: Path,
        args: Mapping[str, str],
        tag: str,
        iidfile: Path,
        timeout: float,
    ) -> Image:
        """Build an image; nobody on the machine gets to see the build arguments' values."""

    def labelled_containers(self, label: str) -> dict[str, str]:
        """The names of the containers that have a label, by their IDs; of those that are over too.

        Args:
            label: "key=value".
        """

    def with_own_name(self, image: Image, repository: str, run: str) -> Image:
        """The image under a name of its content and its run."""

    def tag(self, image: Image) -> None:
        """Give the image its name."""

    def untag(self, ref: str) -> None:
        """Take a name away, where it is there; the content stays while it has another."""

    def push(self, image: Image, timeout: float) -> None:
        """Push an image to the registry that its name says."""

    def load(self, images: Sequence[Image], node: str, timeout: float) -> None:
        """Put images into a node."""

    def node_containers(self, cluster: str) -> list[NodeContainer]:
        """The containers of a kind cluster's nodes, those that don't run included."""

    def serve(self, server: Server) -> None:
        """Make a run's own server, and start it."""

    def names_with(self, part: str) -> list[str]:
        """The names of all images that have a text in them, those with digests too."""

    def start_time(self, container: str) -> str:
        """When a container was last started, in the engine's words.

        Raises:
            CommandError: it does not run, there is none of that name, or the engine does not tell.
        """

    def host_port(self, container: str, port: int) -> int | None:
        """The loopback port that a container's TCP port is mapped to; None where it is not."""

    def volumes(self) -> frozenset[str]:
        """The names of all volumes."""

    def networks(self, name: str) -> list[Network]:
        """The networks of that name; an engine may have several."""

    def remove_network(self, network: str) -> None:
        """Remove a network by its ID, unless a container runs in it; fine where it is gone."""

    def remove_container(self, container: str) -> None:
        """Remove a container by its ID, with its volumes; fine where it is gone already."""
