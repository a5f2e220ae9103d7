"""What a template says of its registry, before its variables are filled in."""

from __future__ import annotations

from typing import Any

import yaml

from pytest_canary.manifests.parsing import fastest_loader


def pull_secrets(template: str) -> set[str]:
    """The imagePullSecrets that a Deployment's template names; none where it is not YAML yet."""
    names: set[str] = set()
    for document in _documents(template):
        found = _at(document, "spec", "template", "spec", "imagePullSecrets")
        for entry in found if isinstance(found, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                names.add(entry["name"])
    return names


def _documents(template: str) -> list[Any]:
    try:
        return list(yaml.load_all(template, Loader=fastest_loader()))
    except yaml.YAMLError:
        return []


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
