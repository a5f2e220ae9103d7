"""What a template says of its registry and namespace, and the registry's Secrets."""

from __future__ import annotations

import json
from typing import Any

import yaml


def pull_secrets(template: str) -> set[str]:
    """The imagePullSecrets that a Deployment's template names; none where it is not YAML yet."""
    try:
        documents = list(yaml.safe_load_all(template))
    except yaml.YAMLError:
        return set()
    names: set[str] = set()
    for document in documents:
        pod = document
        for key in ("spec", "template", "spec", "imagePullSecrets"):
            pod = pod.get(key) if isinstance(pod, dict) else None
        for entry in pod if isinstance(pod, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                names.add(entry["name"])
    return names


def fixed_namespace(template: str) -> str | None:
    """The namespace that a template fixes; None where it leaves that to kubectl's context."""
    try:
        documents = list(yaml.safe_load_all(template))
    except yaml.YAMLError:
        return None
    for document in documents:
        metadata = document.get("metadata") if isinstance(document, dict) else None
        found = metadata.get("namespace") if isinstance(metadata, dict) else None
        if isinstance(found, str) and "$" not in found:
            return found
    return None


def pull_secret(name: str, registry: str | None) -> dict[str, Any]:
    """A Secret with the docker command's credentials for the registry; empty without one."""
    auths: dict[str, Any] = {}
    if registry:
        import docker.auth

        host = registry.split("/")[0]
        known = docker.auth.load_config().resolve_authconfig(host) or {}
        keys = {"username", "password", "auth", "identitytoken"}
        auths[host] = {key.lower(): v for key, v in known.items() if key.lower() in keys and v}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps({"auths": auths})},
    }
