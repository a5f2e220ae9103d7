"""What a template says of its registry and namespace, before its variables are filled in."""

from __future__ import annotations

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
