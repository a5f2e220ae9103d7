"""Kubernetes' own schema of one version, and what in a manifest does not fit it.

The schemas are those that kubernetes-validate ships. Its validator is left out: it stops at the
first mistake, has no lines, and importing it takes longer than the whole check.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.documents import Document, Fault, Place, Unfit, shown

FOLDER = re.compile(r"v(\d+)\.(\d+)\.\d+-local-strict")
MINOR = re.compile(r"v?(\d+)\.(\d+)")

# JSON's types, as their reader calls them.
TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a table",
    "array": "a list",
}
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")

# Lists in which Kubernetes takes an entry twice, though by their keys it should not: the last
# counts, or both are one.
TAKEN = ("env", "ports", "imagePullSecrets", "hostAliases", "secrets")

KubernetesVersion = tuple[int, int]
"""Kubernetes' version as far as schemas differ: (1, 35)."""


def versions() -> dict[KubernetesVersion, Path]:
    """The versions that have a schema here, and the folder of each."""
    # Found, and not imported: see above.
    spec = find_spec("kubernetes_validate")
    folders = spec.submodule_search_locations if spec else None
    top = Path((folders or ["."])[0]) / "kubernetes-json-schema"
    matches = {each: FOLDER.fullmatch(each.name) for each in top.iterdir()}
    return {(int(match[1]), int(match[2])): each for each, match in matches.items() if match}


def nearest_version(
    wanted: KubernetesVersion | None, known: Sequence[KubernetesVersion]
) -> KubernetesVersion:
    """The version whose schema is used: the newest that is not newer than the wanted one.

    Args:
        wanted: the cluster's; None where it is not known, which takes the newest of all.
        known: those that have a schema; must not be empty.
    """
    older = [each for each in known if wanted is None or each <= wanted]
    return max(older) if older else min(known)


def version_of(node_image: str | None) -> KubernetesVersion | None:
    """The version in a node image's tag, as kind's own have it: "kindest/node:v1.35.4"."""
    tag = (node_image or "").partition("@")[0].rpartition(":")[2]
    match = MINOR.match(tag)
    return (int(match[1]), int(match[2])) if match else None


@cache
def of_version(wanted: KubernetesVersion | None) -> KubernetesSchema:
    """The schema that is nearest to a version."""
    known = versions()
    version = nearest_version(wanted, list(known))
    return KubernetesSchema(version, known[version])


class KubernetesSchema:
    """What one version of Kubernetes takes.

    Args:
        version: one of `versions()`.
        folder: its folder.
    """

    def __init__(self, version: KubernetesVersion, folder: Path) -> None:
        self.version = version
        text = (folder / "_definitions.json").read_text(encoding="utf-8")
        self.definitions: dict[str, Any] = json.loads(text)["$defs"]

    @property
    def title(self) -> str:
        """As one says it: "Kubernetes 1.35"."""
        return "Kubernetes {}.{}".format(*self.version)

    @cached_property
    def kinds(self) -> dict[tuple[str, str], str]:
        """The definition of each kind, by its apiVersion and its name."""
        found: dict[tuple[str, str], str] = {}
        for name, schema in self.definitions.items():
            for each in schema.get("x-kubernetes-group-version-kind", []):
                api = f"{each['group']}/{each['version']}".removeprefix("/")
                # Objects have metadata; what is sent along with a request has none.
                if "metadata" in schema.get("properties", {}):
                    found[api, each["kind"]] = name
        return found

    def knows(self, document: Document) -> bool:
        """Whether there is a schema for an object's kind; resources of one's own have none."""
        return (document.value["apiVersion"], document.kind) in self.kinds

    def misfits(self, document: Document) -> Iterator[Fault]:
        """Everything in an object that the version does not take."""
        if self.knows(document):
            name = self.kinds[document.value["apiVersion"], document.kind]
            yield from _Walk(self.definitions, document).value(
                document.value, {"$ref": f"#/$defs/{name}"}, ()
            )
        else:
            yield from self._unknown(document)

    def _unknown(self, document: Document) -> Iterator[Fault]:
        api, kind = document.value["apiVersion"], document.kind
        group = api.rpartition("/")[0]
        if "." in group and group not in {a.rpartition("/")[0] for a, _ in self.kinds}:
            return  # somebody's own resource
        elsewhere = sorted({a for a, k in self.kinds if k == kind}, reverse=True)
        elsewhere.sort(key=lambda a: (a.rpartition("/")[0] != group, "alpha" in a, "beta" in a))
        sentence = f"{self.title} has no {kind} in {api}"
        if elsewhere:
            fix = f"write apiVersion: {elsewhere[0]}"
            yield document.fault(("apiVersion",), sentence, fix, "unknown-kind")
            return
        gone = "take it out, or write what has come in its place"
        fix = did_you_mean(kind, {k for _, k in self.kinds}, otherwise=gone)
        yield document.fault(("kind",), sentence, fix, "unknown-kind")


class _Walk:
    """Goes through one object and its schema side by side."""

    def __init__(self, definitions: dict[str, Any], document: Document) -> None:
        self.definitions = definitions
        self.document = document
        # The tables that the walk is in, from the outermost, with the fields that each may have.
        self.around: list[tuple[Place, dict[str, Any]]] = []

    def fault(self, rule: Unfit, place: Place, sentence: str, fix: str) -> Fault:
        return self.document.fault(place, sentence, fix, rule)

    def value(self, value: Any, schema: dict[str, Any], place: Place) -> Iterator[Fault]:
        name = ""
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.definitions[name]
        types = _types(schema)
        if value is None or not types:
            # Kubernetes takes null for "not set"; whether that will do is a matter of `required`.
            return
        if not any(_is(value, each) for each in types):
            yield self.wrong_type(value, types, place)
        elif name == QUANTITY:
            yield from self.quantity(value, place)
        elif isinstance(value, dict):
            yield from self.table(value, schema, place)
        elif isinstance(value, list):
            yield from self.entries(value, schema, place)
        else:
            yield from self.format(value, schema.get("format"), place)

    def table(self, value: dict[str, Any], schema: dict[str, Any], place: Place) -> Iterator[Fault]:
        known = schema.get("properties", {})
        self.around.append((place, known))
        yield from self.fields(value, schema, place)
        self.around.pop()

    def fields(
        self, value: dict[str, Any], schema: dict[str, Any], place: Place
    ) -> Iterator[Fault]:
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for key, each in value.items():
            if key in known:
                yield from self.value(each, known[key], (*place, key))
            elif isinstance(others, dict):
                yield from self.value(each, others, (*place, key))
            elif others is False:
                yield self.unknown_field(key, value, place)
        for key in schema.get("required", []):
            if value.get(key) is None:
                sentence = f"{shown((*place, key))} is missing"
                fix = f"give {shown(place) or self.document.kind} its {key}"
                yield self.fault("missing-field", (*place, key), sentence, fix)

    def entries(self, value: list[Any], schema: dict[str, Any], place: Place) -> Iterator[Fault]:
        keys = schema.get("x-kubernetes-list-map-keys")
        first: dict[str, int] = {}
        for number, each in enumerate(value):
            here = (*place, number)
            yield from self.value(each, schema.get("items", {}), here)
            if keys and isinstance(each, dict):
                # Left out, a protocol is TCP.
                own = [each.get(key, "TCP" if key == "protocol" else None) for key in keys]
                entry = " ".join(str(part) for part in own)
                if entry in first:
                    yield self.twice(entry, here, self.document.line(*place, first[entry]))
                first.setdefault(entry, number)

    def twice(self, entry: str, place: Place, line: int) -> Fault:
        sentence = f"{entry} is in {shown(place[:-1])} twice, first on line {line}"
        # A Service's ports must differ, those of a container need not.
        taken = place[-2] in TAKEN and not (
            place[-2] == "ports" and self.document.kind == "Service"
        )
        rule: Unfit = "duplicate-key" if taken else "duplicate-entry"
        return self.fault(rule, place, sentence, "keep one of them")

    def unknown_field(self, key: str, beside: dict[str, Any], place: Place) -> Fault:
        known = self.around[-1][1]
        owner = self.owner(key, beside, place)
        fix = did_you_mean(key, known, otherwise="there is no such field; take it out")
        fix = f"indent it as a field of {owner}" if owner else fix
        sentence = f'unknown field "{shown((*place, key))}"'
        return self.fault("unknown-field", (*place, key), sentence, fix)

    def owner(self, key: str, beside: dict[str, Any], place: Place) -> str:
        """The table around or beside a field that does have it, where its indent is wrong."""
        for where, known in reversed(self.around[:-1]):
            if key in known and where:
                return shown(where)
        for name, schema in self.around[-1][1].items():
            inner = self.resolved(self.resolved(schema).get("items", schema))
            if name in beside and key in inner.get("properties", {}):
                return shown((*place, name))
        return ""

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """What a schema refers to; itself, where it refers to nothing."""
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema

    def wrong_type(self, value: Any, types: list[str], place: Place) -> Fault:
        wanted = " or ".join(TYPES[each] for each in types)
        is_text = isinstance(value, str)
        fix = f"write {wanted} there"
        if types == ["string"] and not isinstance(value, dict | list):
            fix = "put quotes around it"
        elif is_text and not {"object", "array"} & set(types):
            fix = f"write {wanted}, without quotes"
        elif types == ["array"]:
            fix = "begin each of its entries with a dash"
        elif isinstance(value, list):
            fix = "leave the dash out"
        sentence = f"{shown(place)} must be {wanted}, not {_called(value)}"
        return self.fault("wrong-type", place, sentence, fix)

    def quantity(self, value: Any, place: Place) -> Iterator[Fault]:
        if not AMOUNT.fullmatch(str(value)):
            sentence = f"{shown(place)} is no quantity that Kubernetes knows"
            fix = "write a number and a unit of m, k, M, G, Ki, Mi or Gi: 500m, 128Mi"
            yield self.fault("wrong-value", place, sentence, fix)

    def format(self, value: Any, name: str | None, place: Place) -> Iterator[Fault]:
        if name == "int32" and not -(2**31) <= value < 2**31:
            sentence = f"{shown(place)} is too large a number: {value}"
            yield self.fault("wrong-value", place, sentence, "write one below 2147483648")
        elif name == "byte":
            try:
                b64decode("".join(value.split()), validate=True)
            except (binascii.Error, ValueError):
                sentence = f"{shown(place)} is not in base64"
                fix = "encode it, or put it under stringData as it is"
                yield self.fault("wrong-value", place, sentence, fix)


def _types(schema: dict[str, Any]) -> list[str]:
    """The types that a schema takes; none for any."""
    found: list[str] = []
    for each in schema.get("oneOf", [schema]):
        types = each.get("type", [])
        found += [types] if isinstance(types, str) else types
    return list(dict.fromkeys(each for each in found if each != "null"))


def _is(value: Any, type_: str) -> bool:
    if type_ == "integer":
        # 3.0 becomes 3 on its way through JSON.
        return not isinstance(value, bool) and (
            isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        )
    if type_ == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    python = {"string": str, "boolean": bool, "object": dict, "array": list}[type_]
    return isinstance(value, python)


def _called(value: Any) -> str:
    """What a value is, and never the value: it may come from a variable that is secret."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "a table" if isinstance(value, dict) else "a list"
