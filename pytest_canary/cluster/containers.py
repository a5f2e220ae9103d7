"""Containers of the engine: those that are there, and one that is to serve a run."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pytest_canary.cluster.container_engine import NodeContainer, Server
from pytest_canary.core.errors import ImageError

if TYPE_CHECKING:
    import docker


def with_label(client: docker.DockerClient, label: str) -> list[NodeContainer]:
    """The containers with a label, "KEY=VALUE", those that don't run included."""
    found = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
    return [
        NodeContainer(
            id=str(each.id),
            name=str(each.name),
            mounts=frozenset(
                str(mount.get("Destination")) for mount in each.attrs.get("Mounts", [])
            ),
            volumes=frozenset(
                mount["Name"]
                for mount in each.attrs.get("Mounts", [])
                if mount.get("Type") == "volume"
            ),
            ports=frozenset(
                int(port["HostPort"]) for mapped in each.ports.values() for port in mapped or []
            ),
        )
        for each in found
    ]


def serve(client: docker.DockerClient, server: Server) -> None:
    """Make a run's own server, and start it.

    Raises:
        ImageError: the engine refuses; what it has made by then has the run's label.
    """
    import docker

    api = client.api
    host = api.create_host_config(port_bindings={server.port: ("127.0.0.1", server.loopback)})
    try:
        made = api.create_container(
            server.image,
            name=server.name,
            labels=dict([server.label.split("=", 1)]),
            environment=dict(server.environment),
            ports=[server.port],
            host_config=host,
        )
        # Through the API, as the engine may not see the files of this machine.
        api.put_archive(made["Id"], "/", _archive(server.files))
        api.start(made["Id"])
    except docker.errors.DockerException as error:
        raise ImageError(
            f"container {server.name} can't be made from image {server.image}: {error}"
        ) from error


def _archive(files: Mapping[str, str]) -> bytes:
    """A tar of files that only root reads, with their folders."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            content = text.encode()
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()
