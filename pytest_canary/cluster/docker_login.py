"""What the docker command is logged in with at a registry."""

from __future__ import annotations

from typing import Any

from pytest_canary.core.errors import ImageError


def login_at(host: str) -> dict[str, Any]:
    """The login, as docker's SDK has it; empty where there is none.

    Args:
        host: the registry's.

    Raises:
        ImageError: it can't be read.
    """
    import docker.auth

    try:
        return docker.auth.load_config().resolve_authconfig(host) or {}
    except Exception as error:  # a helper that fails, or a file that is not as it should be
        raise ImageError(
            f"the docker command's credentials for {host} can't be read: {error}; see that "
            f"`docker login {host}` works, and what $DOCKER_CONFIG or ~/.docker/config.json says"
        ) from error
