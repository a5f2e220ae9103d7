"""Where the container engine listens, and whether that is this machine."""

from __future__ import annotations

import os
import socket
from typing import Any
from urllib.parse import urlsplit

from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.processes import Processes


def engine_address(processes: Processes) -> dict[str, Any]:
    """DOCKER_HOST and what belongs to it, or the docker command's current context.

    Returns:
        What a DockerClient is made with.

    Raises:
        ImageError: there is no docker command, or the certificates can't be read.
    """
    import docker
    from docker.utils import kwargs_from_env

    if os.environ.get("DOCKER_HOST"):
        try:
            # With DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, as the docker command reads them.
            return dict(kwargs_from_env())
        except (docker.errors.DockerException, OSError) as error:
            raise ImageError(
                f"the container engine at {os.environ['DOCKER_HOST']} can't be asked: {error}; "
                "see DOCKER_CERT_PATH and DOCKER_TLS_VERIFY"
            ) from error
    try:
        shown = processes.read(
            ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], timeout=10
        )
    except CommandError as error:
        raise ImageError(
            f"the docker command is needed: {error.sentence}", error.evidence
        ) from error
    return {"base_url": shown.strip() or None}


def is_here(endpoint: str) -> bool:
    """Whether the engine runs on this machine, so that ports of its containers are on loopback."""
    address = urlsplit(endpoint)
    if address.scheme == "ssh":
        return False
    if address.scheme not in ("tcp", "http", "https") or not address.hostname:
        return True  # a socket
    try:
        found = socket.getaddrinfo(address.hostname, 0, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return any(_is_own(family, where[0]) for family, *_, where in found)


def _is_own(family: int, address: Any) -> bool:
    """Whether an address is one of this machine's: no other can be listened on."""
    with socket.socket(family) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
