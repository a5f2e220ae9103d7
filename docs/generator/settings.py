"""Every setting, as the code that reads them declares it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from generator.page import PartError, code, table
from pytest_canary.config.api_settings import Request
from pytest_canary.config.settings import Tables

_SCHEMA = Tables.model_json_schema()
_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list of texts",
    "object": "a table of names and texts",
}


def part(tables: type[BaseModel] = Tables) -> str:
    """A section for each table of the settings, with a row for each key."""
    return "\n\n".join(_sections(tables, ""))


def described(model: type[BaseModel]) -> dict[str, str]:
    """What the docstring of a table says of each key, by the field's name."""
    _, _, attributes = inspect.cleandoc(model.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for names, text in re.findall(
        r"^    (\w+(?:, \w+)*): (.*(?:\n {8}.*)*)", attributes, re.MULTILINE
    ):
        found |= dict.fromkeys(names.split(", "), " ".join(text.split()).rstrip("."))
    return found


def _sections(model: type[BaseModel], path: str) -> Iterator[str]:
    said = described(model)
    inner: list[tuple[type[BaseModel], str]] = []
    rows = []
    for name, field in model.model_fields.items():
        key = str(field.alias or name)
        place = f"{path}.{key}".strip(".")
        nested = _nested(field)
        if nested and nested is not Request:
            named = get_origin(field.annotation) is dict
            inner.append((nested, f"{place}.NAME" if named else place))
            continue
        if not said.get(name):
            raise PartError(
                f"setting `{place}` has no line under Attributes in the docstring of "
                f"{model.__module__}.{model.__name__}"
            )
        rows.append((code(key), said[name], _allowed(model, key), _default(field)))
    if rows:
        title = f"### `[{path}]`\n\n{_summary(model)}" if path else "### At the top of the file"
        yield f"{title}\n\n{table(('setting', 'what it is', 'value', 'default'), rows)}"
    for each, place in inner:
        yield from _sections(each, place)
    if model is Tables:
        yield from _of_requests()


def _of_requests() -> Iterator[str]:
    said = described(Request)
    rows = [
        (
            code(str(field.alias or name)),
            said[name],
            _allowed(Request, str(field.alias or name)),
            _default(field),
        )
        for name, field in Request.model_fields.items()
    ]
    head = ("key", "what it is", "value", "default")
    yield f"### A request\n\n{_summary(Request)}\n\n{table(head, rows)}"


def _summary(model: type[BaseModel]) -> str:
    """The first paragraphs of a docstring, without what follows."""
    text, _, _ = inspect.cleandoc(model.__doc__ or "").partition("\nAttributes:")
    return text.strip()


def _nested(field: FieldInfo) -> type[BaseModel] | None:
    """The table that a key holds, or whose like it holds several of."""
    inner = [field.annotation, *get_args(field.annotation)]
    found = [each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)]
    return found[0] if found else None


def _allowed(model: type[BaseModel], key: str) -> str:
    schema = _SCHEMA if model is Tables else _SCHEMA["$defs"][model.__name__]
    return _words(schema["properties"][key])


def _words(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return "a [request](#a-request)"
    if "$ref" in schema.get("items", {}):
        return "a list of [requests](#a-request)"
    several = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if several:
        return " or ".join(_words(each) for each in several)
    if "enum" in schema:
        return ", ".join(code(json.dumps(each)) for each in schema["enum"])
    if "type" not in schema:
        return "anything"
    words = _TYPES[schema["type"]]
    least, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    most, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    limits = [
        "" if least is None else f"from {least:g}",
        "" if above is None else f"above {above:g}",
        "" if most is None else f"up to {most:,g}",
        "" if below is None else f"below {below:g}",
    ]
    return " ".join(filter(None, [words, *limits]))


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "must be set"
    if value is None:
        return ""
    if isinstance(value, Request):
        return code(f"{value.method} {value.path}")
    return code("{}" if value == {} else json.dumps(value))
