"""How a row is written and read back, by the app's OpenAPI description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.discovery.answers import Answer, Question, Setting
from pytest_canary.discovery.repository import Repository, table, tables

NAMES = tuple(
    f"{name}.{end}" for name in ("openapi", "swagger", "api") for end in ("yaml", "yml", "json")
)

# What stands for a value of a type that is needed and tells nothing.
SAMPLES: Mapping[str, str | int | bool] = {"string": "canary", "integer": 1, "boolean": True}

# Names of what holds any text, and is given back.
TELLING = ("text", "title", "name", "content", "body", "message", "description")

QUESTION = Question(
    "api",
    "how a row is written and read back",
    "write [api.write] and [api.read]; without them the app is taken for the demo's addressbook, "
    "PUT /person and GET /all",
)


def description_file(repository: Repository) -> str:
    """The file that describes the app's API; empty for none."""
    return repository.first(*NAMES)


def api(repository: Repository) -> Iterator[Answer]:
    """A request that writes a text, and one that must then hold it."""
    file = description_file(repository)
    description = table(repository.yaml(file)) if file else {}
    for path, ways in tables(description.get("paths")):
        found = _pair(description, path, ways) if "{" not in path and "get" in ways else None
        if found:
            method, body, status = found
            whole = f"{_prefix(description)}{path}"
            why = f"{file} describes it"
            yield Setting("api.write.method", method.upper(), why)
            yield Setting("api.write.path", whole, why)
            yield Setting("api.write.json", body, "{unique} becomes a text that no other row has")
            yield Setting("api.write.status", status, why)
            yield Setting("api.read.method", "GET", why)
            yield Setting("api.read.path", whole, "its body must hold what was written")
            return
    yield QUESTION


def _pair(
    description: dict[str, Any], path: str, ways: dict[str, Any]
) -> tuple[str, dict[str, str | int | bool], int] | None:
    """The method, body and status of what writes to a path; None where nothing known does."""
    for method in ("post", "put"):
        way = table(ways.get(method))
        content = table(_resolve(description, way.get("requestBody")).get("content"))
        schema = table(content.get("application/json")).get("schema")
        body = _body(description, _resolve(description, schema))
        if path.startswith("/") and body:
            return method, body, _status(way)
    return None


def _body(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, str | int | bool]:
    """A body with a text that can be told again; empty where the schema asks for more."""
    properties = {
        name: _resolve(description, each) for name, each in tables(schema.get("properties"))
    }
    required = schema.get("required")
    needed = [each for each in required if each in properties] if isinstance(required, list) else []
    free = [name for name in [*needed, *properties] if _is_free(properties[name])]
    free.sort(key=lambda name: name not in TELLING)
    if not free:
        return {}
    body: dict[str, str | int | bool] = {free[0]: "{unique}"}
    for name in needed:
        if name not in body:
            sample = SAMPLES.get(str(properties[name].get("type")))
            if sample is None or not (_is_free(properties[name]) or sample != "canary"):
                return {}
            body[name] = sample
    return body


def _is_free(schema: dict[str, Any]) -> bool:
    """Whether any text will do."""
    return schema.get("type") == "string" and not ({"format", "enum", "pattern"} & schema.keys())


def _status(way: dict[str, Any]) -> int:
    codes = [
        str(each) for each in table(way.get("responses")) if re.fullmatch("2[0-9]{2}", str(each))
    ]
    return int(codes[0]) if codes else 200


def _prefix(description: dict[str, Any]) -> str:
    """What comes before each path: a server's own, where that is one of this host."""
    servers = description.get("servers")
    first = table(servers[0]) if isinstance(servers, list) and servers else {}
    url = re.sub(r"^https?://[^/]*", "", str(first.get("url") or "")).rstrip("/")
    return url if re.fullmatch(r"(/[\w.-]+)*", url) else ""


def _resolve(description: dict[str, Any], given: Any) -> dict[str, Any]:
    """A part of the description, where it stands or where it refers to in the same file."""
    found = table(given)
    for _ in range(5):
        reference = found.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        value: Any = description
        for step in reference.removeprefix("#/").split("/"):
            value = table(value).get(step)
        found = table(value)
    return found
