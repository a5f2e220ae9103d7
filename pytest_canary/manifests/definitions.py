"""CustomResourceDefinitions: the schemas that they give to kinds of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pytest_canary.manifests.documents import Document

KIND = "CustomResourceDefinition"

METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

# What is taken over as it stands.
_KEPT = ("type", "format", "enum", "minimum", "maximum")


def schemas(definitions: Iterable[Document]) -> dict[str, dict[str, Any]]:
    """The schema of each version of each kind that definitions have, by a name of its own.

    A version that is not served has none: the API server does not take it.
    """
    return {
        f"{group}/{version.get('name')}/{kind}": _whole(version, group, kind)
        for each in definitions
        if each.kind == KIND
        for group, kind in [(str(each.at("spec", "group")), str(each.at("spec", "names", "kind")))]
        for _, version in each.tables("spec", "versions")
        if version.get("served")
    }


def kinds(definitions: Iterable[Document]) -> dict[tuple[str, str], bool]:
    """Each kind that definitions make, by its group and its name: whether namespaces have it."""
    return {
        (str(each.at("spec", "group")), str(each.at("spec", "names", "kind"))): (
            each.at("spec", "scope") == "Namespaced"
        )
        for each in definitions
        if each.kind == KIND
    }


def _whole(version: dict[str, Any], group: str, kind: str) -> dict[str, Any]:
    """The schema of a version's objects, with what every object has."""
    given = version.get("schema")
    found = given.get("openAPIV3Schema") if isinstance(given, dict) else None
    made: dict[str, Any] = _convert(found) if isinstance(found, dict) else {"type": "object"}
    properties = {key: value for key, value in _properties(found) if key != "metadata"}
    made["properties"] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": f"#/$defs/{METADATA}"},
        **properties,
    }
    made["x-kubernetes-group-version-kind"] = [
        {"group": group, "version": str(version.get("name")), "kind": kind}
    ]
    return made


def _properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    listed = schema.get("properties") if isinstance(schema, dict) else None
    for key, each in (listed if isinstance(listed, dict) else {}).items():
        yield str(key), _convert(each) if isinstance(each, dict) else {}


def _convert(schema: dict[str, Any]) -> dict[str, Any]:
    """A structural schema without what only says more of what fits its types already."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"oneOf": [{"type": "integer"}, {"type": "string"}]}
    made = {key: schema[key] for key in _KEPT if schema.get(key) is not None}
    if isinstance(items := schema.get("items"), dict):
        made["items"] = _convert(items)
    if schema.get("type") != "object":
        return made
    made["properties"] = dict(_properties(schema))
    made["additionalProperties"] = _others(schema)
    if schema.get("x-kubernetes-embedded-resource"):
        made["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        made["properties"].setdefault("metadata", {"type": "object"})
    required = schema.get("required")
    # What has a default is never missing.
    made["required"] = [
        key
        for key in (required if isinstance(required, list) else [])
        if "default" not in (schema.get("properties") or {}).get(key, {})
    ]
    return made


def _others(schema: dict[str, Any]) -> bool | dict[str, Any]:
    """What a table may have beside its named fields: anything, nothing, or values of a schema."""
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        return _convert(others)
    return bool(others) or bool(schema.get("x-kubernetes-preserve-unknown-fields"))
