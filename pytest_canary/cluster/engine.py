"""Docker, through its API: images and their names, and what kind has made in the engine."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from pytest_canary.cluster import containers, docker_command, image_loading
from pytest_canary.cluster.container_engine import (
    KIND_LABEL,
    EngineInfo,
    Image,
    Network,
    NodeContainer,
    Server,
)
from pytest_canary.cluster.engine_address import engine_address
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.processes import Processes

if TYPE_CHECKING:
    import docker

Given = ParamSpec("Given")
Result = TypeVar("Result")


def raise_if_gone(
    method: Callable[Concatenate[Engine, Given], Result],
) -> Callable[Concatenate[Engine, Given], Result]:
    """Let a method raise a CommandError where the engine is gone meanwhile."""

    @functools.wraps(method)
    def ask(engine: Engine, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        import requests

        try:
            return method(engine, *args, **kwargs)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise CommandError(
                f"the container engine at {engine.endpoint} does not answer any more; "
                "start it, and try again",
                str(error),
            ) from error

    return ask


class Engine:
    """The container engine: docker-py for its API, and the docker command where that is better.

    Args:
        processes: run the docker command; without them, processes of its own.
        timeout: seconds for each answer; saving an image takes long.

    Attributes:
        endpoint: where it listens.

    Raises:
        ImageError: no engine answers.
    """

    def __init__(self, processes: Processes | None = None, timeout: int = 600) -> None:
        import docker

        self.processes = processes or Processes()
        address = engine_address(self.processes)
        self.endpoint = str(address.get("base_url") or "its usual place")
        try:
            self._client: docker.DockerClient = docker.DockerClient(
                **address, version="auto", timeout=timeout
            )
            self._client.ping()
        except (docker.errors.DockerException, OSError) as error:
            raise ImageError(
                f"no container engine answers: {error}; start Docker, or set DOCKER_HOST"
            ) from error

    @property
    @raise_if_gone
    def version(self) -> str:
        """The engine's own version."""
        return str(self._client.version().get("Version", "of no version"))

    @property
    @raise_if_gone
    def id(self) -> str:
        """Tells the engine from every other one."""
        return str(self._client.info().get("ID", ""))

    @property
    @raise_if_gone
    def about(self) -> EngineInfo:
        """What it says of itself and of the machine that it runs on."""
        told = self._client.info()
        proxies = (told.get(name) for name in ("HttpProxy", "HttpsProxy"))
        return EngineInfo(
            root=str(told.get("DockerRootDir") or ""),
            memory=told.get("MemTotal") or None,
            proxies=tuple(str(each) for each in proxies if each),
        )

    @raise_if_gone
    def find(self, name: str) -> Image | None:
        """The image of that name, where the engine has it."""
        import docker

        try:
            attributes = self._client.api.inspect_image(name)
        except docker.errors.NotFound:
            return None
        except docker.errors.DockerException as error:
            raise ImageError(f"the engine can't look for image {name}: {error}") from error
        return Image(
            attributes["Id"],
            name,
            created=attributes.get("Created") or "",
            published=bool(attributes.get("RepoDigests")),
        )

    def pull(self, name: str, timeout: float) -> Image:
        """The image of that name, pulled where the engine doesn't have it yet.

        Raises:
            ImageError: neither the engine nor a registry has it.
        """
        found = self.find(name)
        if found:
            return found
        docker_command.pull(self.processes, name, timeout)
        return self.find(name) or Image("", name)

    def build(
        self,
        context: Path,
        dockerfile: Path,
        args: Mapping[str, str],
        tag: str,
        iidfile: Path,
        timeout: float,
    ) -> Image:
        """`docker build`; the build arguments' values go through the environment.

        Raises:
            ImageError: the build failed; with its output.
        """
        return docker_command.build(
            self.processes, context, dockerfile, args, tag, iidfile, timeout
        )

    def with_own_name(self, image: Image, repository: str, run: str) -> Image:
        """The image under a name of its content and its run: REPOSITORY:digits of its ID-run.

        Without the run, one that cleans up would take the name from another that needs it.
        """
        return Image(image.id, f"{repository}:{image.id.removeprefix('sha256:')[:12]}-{run}")

    @raise_if_gone
    def tag(self, image: Image) -> None:
        """Give the image its name.

        Raises:
            ImageError: the engine refuses the name.
        """
        import docker

        try:
            repository, _, tag = image.ref.rpartition(":")
            self._client.api.tag(image.id, repository, tag)
        except docker.errors.DockerException as error:
            raise ImageError(f"the engine can't name an image {image.ref}: {error}") from error

    @raise_if_gone
    def untag(self, ref: str) -> None:
        """Take a name away; the content stays while it has another."""
        import docker

        # It may be gone, or a container of someone else's use it.
        with contextlib.suppress(docker.errors.APIError):
            self._client.api.remove_image(ref, noprune=True)

    def push(self, image: Image, timeout: float) -> None:
        """`docker push`, with the credentials of the docker command.

        Raises:
            ImageError: the registry refuses it.
        """
        docker_command.push(self.processes, image, timeout)

    @raise_if_gone
    def load(self, images: Sequence[Image], node: str, timeout: float) -> None:
        """Put images into a kind node, sending only what the node lacks; `image_loading` says how.

        Raises:
            ImageError: the engine can't save them or the node can't take them.
        """
        image_loading.load(self._client, self.processes, images, node, timeout)

    @raise_if_gone
    def node_containers(self, cluster: str) -> list[NodeContainer]:
        """The containers of a kind cluster's nodes, those that don't run included."""
        return containers.with_label(self._client, f"{KIND_LABEL}={cluster}")

    @raise_if_gone
    def serve(self, server: Server) -> None:
        """Make a run's own server, and start it.

        Raises:
            ImageError: the engine refuses; what it has made by then has the run's label.
        """
        containers.serve(self._client, server)

    @raise_if_gone
    def names_with(self, part: str) -> list[str]:
        """The names of all images that have a text in them, those with digests too."""
        names = [
            name
            for image in self._client.api.images(all=True)
            for name in (*(image["RepoTags"] or ()), *(image["RepoDigests"] or ()))
        ]
        return sorted({name for name in names if part in name})

    @raise_if_gone
    def labelled_containers(self, label: str) -> dict[str, str]:
        """The names of those that have a label, by their IDs; of those that are over too."""
        found = self._client.containers.list(
            all=True, filters={"label": label}, ignore_removed=True
        )
        return {str(each.id): str(each.name) for each in found}

    def start_time(self, container: str) -> str:
        """When a container was last started, in the engine's words.

        Raises:
            CommandError: it does not run, there is none of that name, or the engine does not tell.
        """
        return docker_command.start_time(self.processes, container)

    @raise_if_gone
    def host_port(self, container: str, port: int) -> int | None:
        """The loopback port that a container's TCP port is mapped to; None where it is not."""
        mapped = self._client.containers.get(container).ports.get(f"{port}/tcp")
        return int(mapped[0]["HostPort"]) if mapped else None

    @raise_if_gone
    def volumes(self) -> frozenset[str]:
        """The names of all volumes."""
        return frozenset(volume.name for volume in self._client.volumes.list())

    @raise_if_gone
    def networks(self, name: str) -> list[Network]:
        """The networks of that name; an engine may have several."""
        # The engine takes the name for a part of one.
        found = [each for each in self._client.api.networks(names=[name]) if each["Name"] == name]
        if not found:
            return []
        # A network itself knows only of those that run.
        members = frozenset(
            each["Names"][0].removeprefix("/")
            for each in self._client.api.containers(all=True)
            if name in (each.get("NetworkSettings") or {}).get("Networks", {})
            or each.get("HostConfig", {}).get("NetworkMode") == name
        )
        return [Network(each["Id"], members) for each in found]

    @raise_if_gone
    def remove_network(self, network: str) -> None:
        """Remove a network by its ID, unless a container runs in it; fine where it is gone.

        Raises:
            CommandError: the engine refuses.
        """
        import docker

        try:
            self._client.api.remove_network(network)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            # A cluster has moved in meanwhile: the network is no longer only the run's.
            if "active endpoints" not in str(error):
                raise CommandError(f"network {network} can't be removed: {error}") from error

    @raise_if_gone
    def remove_container(self, container: str) -> None:
        """Remove a container by its ID, with its volumes; fine where it is gone already.

        Raises:
            CommandError: the engine refuses.
        """
        import docker

        try:
            self._client.api.remove_container(container, v=True, force=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if "already in progress" not in str(error):
                raise CommandError(
                    f"container {container[:12]} can't be removed: {error}"
                ) from error
