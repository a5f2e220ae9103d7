"""The registry that a cluster pulls from, and the Secret that lets it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pytest_canary.cluster.docker_login import login_at
from pytest_canary.registry.client import Login

# What Kubernetes and docker call Docker's own registry, where they keep logins.
_HUB = {"docker.io": "https://index.docker.io/v1/"}


def pull_secret(name: str, push: str | None, pull: str | None) -> dict[str, Any]:
    """A Secret with the docker command's credentials for the registry; empty without one.

    Args:
        name: the Secret's.
        push: the registry as this machine reaches it, and has its login.
        pull: the same as the nodes reach it.

    Raises:
        ImageError: the docker command's credentials can't be read.
    """
    auths: dict[str, Any] = {}
    if push and pull:
        known = login_at(push.split("/")[0])
        keys = {"username", "password", "auth", "identitytoken"}
        auths[pull.split("/")[0]] = {
            key.lower(): v for key, v in known.items() if key.lower() in keys and v
        }
    return _secret(name, auths)


def login_secret(name: str, hosts: Iterable[str], login: Login) -> dict[str, Any]:
    """A Secret with one login for several registries.

    Args:
        name: the Secret's.
        hosts: those of the registries, as images' full names have them.
        login: the login.
    """
    known = {"username": login.user, "password": login.password}
    return _secret(name, {_HUB.get(host, host): known for host in hosts})


def _secret(name: str, auths: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps({"auths": auths})},
    }
