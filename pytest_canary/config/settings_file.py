"""Finds, reads and checks the settings' file: every mistake at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pytest_canary.config.messages import key, mistake, nearest
from pytest_canary.config.settings import ENVIRONMENT, NAME, Settings, _Tables
from pytest_canary.core.errors import SettingsError
from pytest_canary.manifests.rules import RULES


def find(root: Path, given: str | None = None) -> Path | None:
    """The file that holds the settings, or None where the defaults do.

    Raises:
        SettingsError: the given file does not exist, or two files hold settings.
    """
    if given:
        # What a shell completes is relative to where one stands; a CI's line, to the root.
        paths = [folder / given for folder in (Path.cwd(), root)]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            raise SettingsError(f"--canary-config: there is no file {given} in {root}")
        return found
    alone = root / "canary.toml"
    project = root / "pyproject.toml"
    in_project = project.is_file() and "canary" in _parse(project).get("tool", {})
    if alone.is_file() and in_project:
        raise SettingsError(
            "canary.toml and [tool.canary] in pyproject.toml both hold settings; keep one of them"
        )
    if alone.is_file():
        return alone
    return project if in_project else None


def load(root: Path, given: str | None = None) -> Settings:
    """Read and check the settings.

    Args:
        root: the folder to look in.
        given: the file that `--canary-config` names, relative to the current folder or the root.

    Raises:
        SettingsError: with every mistake, a line each: file, key, value, what is allowed.
    """
    file = find(root, given)
    if file is None:
        return check({}, root, "defaults")
    table = _parse(file)
    source = given or file.name
    if file.name == "pyproject.toml":
        table = table.get("tool", {}).get("canary", {})
        source = f"{source} [tool.canary]"
        if not isinstance(table, dict):
            raise SettingsError(f"{source} = {table!r}: a table")
    return check(table, file.parent, source)


def check(table: dict[str, Any], root: Path, source: str) -> Settings:
    """The settings that a parsed table holds; raises SettingsError with every mistake at once."""
    mistakes: list[str] = []
    wrong: set[str] = set()
    try:
        tables = _Tables.model_validate(table)
    except ValidationError as error:
        details = error.errors()
        mistakes = [f"{source}: {mistake(detail, _Tables)}" for detail in details]
        wrong = {key(detail) for detail in details}
        # The rest is checked too, on what is right, so that one round tells everything.
        tables = _Tables.model_validate(_without(table, details))
    found = _files(tables, root)
    mistakes += [
        f"{source}: {key} = {value!r}: {problem}"
        for key, value, problem in found.mistakes + _together(tables, wrong)
        if key not in wrong
    ]
    name = tables.name or found.inferred_name
    environment = ENVIRONMENT | tables.environment
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    values = {key: getattr(tables, key) for key in _Tables.model_fields}
    return Settings.model_validate(
        values
        | found.paths
        | {
            "name": name,
            "environment": environment,
            "root": root,
            "source": source,
            "service_name": found.service_name or f"{name}-lb",
        },
        by_alias=False,
        by_name=True,
    )


class _Files:
    """The files that the settings name, and what is wrong with them."""

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}
        self.mistakes: list[tuple[str, str, str]] = []
        self.service_name: str | None = None
        self.inferred_name = "addressbook"

    def take(self, field: str, key: str, value: str, path: Path, kind: str) -> None:
        there = path.is_dir() if kind == "folder" else path.is_file()
        self.paths[field] = path
        if not there:
            self.mistakes.append((key, value, f"there is no {kind} {path}"))


def _files(tables: _Tables, root: Path) -> _Files:
    files = _Files()
    image, manifests = tables.image, tables.manifests
    # The book has its Dockerfile at the top, the bundled addressbook in app/.
    folders = [image.context] if image.context else [".", "app"]
    files_named = [image.dockerfile or "Dockerfile"]
    pairs = [(folder, name) for folder in folders for name in files_named]
    context, dockerfile = next(
        ((f, n) for f, n in pairs if (root / f / n).is_file()), (folders[0], files_named[0])
    )
    files.take("context", "image.context", context, root / context, "folder")
    path = root / context / dockerfile
    files.take("dockerfile", "image.dockerfile", dockerfile, path, "file")
    for field in ("deployment", "service", "apply"):
        value = getattr(manifests, field)
        files.take(field, f"manifests.{field}", value, root / value, "file")
    if files.paths["service"].is_file():
        files.service_name = _service_name(files.paths["service"])
        if files.service_name and files.service_name.endswith("-lb"):
            files.inferred_name = files.service_name.removesuffix("-lb")
    return files


def _together(tables: _Tables, wrong: set[str]) -> list[tuple[str, object, str]]:
    """What is right alone but not together; what is wrong alone is told already."""

    def right(*keys: str) -> bool:
        return not any(f"{each}.".startswith(f"{key}.") for each in wrong for key in keys)

    mistakes: list[tuple[str, object, str]] = []
    replicas, api = tables.replicas, tables.api
    if right("replicas.stable") and replicas.stable_during_canary > replicas.stable:
        mistakes.append(
            (
                "replicas.stable-during-canary",
                replicas.stable_during_canary,
                f"at most replicas.stable, which is {replicas.stable}",
            )
        )
    for rule, reason in tables.preflight.silenced.items():
        if rule not in RULES:
            problem = f"no such rule{nearest(rule, list(RULES))}"
            mistakes.append((f"preflight.silenced.{rule}", reason, problem))
    if right("api.write", "api.read") and (api.write is None) != (api.read is None):
        has, lacks = ("write", "read") if api.write else ("read", "write")
        mistakes.append(
            (f"api.{has}", "…", f"goes with [api.{lacks}]: what is written must be read back")
        )
    for pattern in tables.promotion.tags if right("promotion.tags") else []:
        try:
            re.compile(pattern)
        except re.error as error:
            mistakes.append(("promotion.tags", pattern, f"not a regular expression: {error}"))
    if api.write and "{unique}" not in str((api.write.json_, api.write.form, api.write.path)):
        mistakes.append(
            (
                "api.write",
                f"{api.write.method} {api.write.path}",
                "needs {unique} in its json, form or path, to be told apart when it is read back",
            )
        )
    return mistakes


def _service_name(path: Path) -> str | None:
    """The Service's name, where the manifest can be read as it stands, without its variables."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    metadata = document.get("metadata") if isinstance(document, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) and re.match(NAME, name) else None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} is not valid TOML: {error}") from error


def _without(table: dict[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    """The table without the values that are wrong, so that the others can be checked."""
    pruned = dict(table)
    for top in {str(detail["loc"][0]) for detail in details}:
        value = pruned.pop(top, None)
        if isinstance(value, dict):
            wrong = {
                str(detail["loc"][1])
                for detail in details
                if detail["loc"][0] == top and len(detail["loc"]) > 1
            }
            pruned[top] = {k: v for k, v in value.items() if k not in wrong}
    try:
        _Tables.model_validate(pruned)
    except ValidationError:
        return {}
    return pruned
