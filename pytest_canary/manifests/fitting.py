"""What in one object does not fit a schema: both gone through side by side."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.core.wording import did_you_mean, suggestion
from pytest_canary.manifests.documents import Document, Fault, Place, Unfit, place_text

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


def misfits(
    document: Document, schema: dict[str, Any], definitions: Mapping[str, Any]
) -> Iterator[Fault]:
    """Everything in an object that a schema does not take.

    Args:
        document: the object.
        schema: of its kind.
        definitions: what schemas refer to, by their names.
    """
    yield from _Walk(definitions, document).value(document.value, schema, ())


class _Walk:
    """Goes through one object and its schema side by side."""

    def __init__(self, definitions: Mapping[str, Any], document: Document) -> None:
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
            yield from self.limits(value, schema, place)

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
                sentence = f"{place_text((*place, key))} is missing"
                fix = f"give {place_text(place) or self.document.kind} its {key}"
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
        sentence = f"{entry} is in {place_text(place[:-1])} twice, first on line {line}"
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
        sentence = f'unknown field "{place_text((*place, key))}"'
        return self.fault("unknown-field", (*place, key), sentence, fix)

    def owner(self, key: str, beside: dict[str, Any], place: Place) -> str:
        """The table around or beside a field that does have it, where its indent is wrong."""
        for where, known in reversed(self.around[:-1]):
            if key in known and where:
                return place_text(where)
        for name, schema in self.around[-1][1].items():
            inner = self.resolve(self.resolve(schema).get("items", schema))
            if name in beside and key in inner.get("properties", {}):
                return place_text((*place, name))
        return ""

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
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
        sentence = f"{place_text(place)} must be {wanted}, not {_describe_kind(value)}"
        return self.fault("wrong-type", place, sentence, fix)

    def quantity(self, value: Any, place: Place) -> Iterator[Fault]:
        if not AMOUNT.fullmatch(str(value)):
            sentence = f"{place_text(place)} is no quantity that Kubernetes knows"
            fix = "write a number and a unit of m, k, M, G, Ki, Mi or Gi: 500m, 128Mi"
            yield self.fault("wrong-value", place, sentence, fix)

    def limits(self, value: Any, schema: dict[str, Any], place: Place) -> Iterator[Fault]:
        """What a definition lets a value be; Kubernetes' own kinds have no such limits."""
        allowed = schema.get("enum")
        if allowed and value not in allowed:
            words = ", ".join(str(each) for each in allowed)
            fix = suggestion(str(value), [str(each) for each in allowed], "write one of them")
            one_of = "one of " if len(allowed) > 1 else ""
            yield self.fault(
                "wrong-value", place, f"{place_text(place)} must be {one_of}{words}", fix
            )
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(value, int | float) and not isinstance(value, bool):
            if low is not None and value < low:
                sentence = f"{place_text(place)} must be at least {low:g}"
                yield self.fault("wrong-value", place, sentence, "write a larger number")
            if high is not None and value > high:
                sentence = f"{place_text(place)} must be at most {high:g}"
                yield self.fault("wrong-value", place, sentence, "write a smaller number")

    def format(self, value: Any, name: str | None, place: Place) -> Iterator[Fault]:
        if name == "int32" and not -(2**31) <= value < 2**31:
            sentence = f"{place_text(place)} is too large a number: {value}"
            yield self.fault("wrong-value", place, sentence, "write one below 2147483648")
        elif name == "byte":
            try:
                b64decode("".join(value.split()), validate=True)
            except (binascii.Error, ValueError):
                sentence = f"{place_text(place)} is not in base64"
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


def _describe_kind(value: Any) -> str:
    """What a value is, and never the value: it may come from a variable that is secret."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "a table" if isinstance(value, dict) else "a list"
