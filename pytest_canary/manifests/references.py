"""What a template says of its registry, before its variables are filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.parsing import parse


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
    return parse(Source(Path(), "", template)).values


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
