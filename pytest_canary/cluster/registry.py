"""The registry that a cluster pulls from, and the Secret that lets it."""

from __future__ import annotations

import json
from typing import Any


def pull_secret(name: str, push: str | None, pull: str | None) -> dict[str, Any]:
    """A Secret with the docker command's credentials for the registry; empty without one.

    Args:
        name: the Secret's.
        push: the registry as this machine reaches it, and has its login.
        pull: the same as the nodes reach it.
    """
    auths: dict[str, Any] = {}
    if push and pull:
        import docker.auth

        host = push.split("/")[0]
        known = docker.auth.load_config().resolve_authconfig(host) or {}
        keys = {"username", "password", "auth", "identitytoken"}
        auths[pull.split("/")[0]] = {
            key.lower(): v for key, v in known.items() if key.lower() in keys and v
        }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps({"auths": auths})},
    }
