"""Finds, reads and checks the settings' file: every mistake at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pytest_canary.config import (
    migration_settings,
    promotion_pipeline,
    service_names,
    toml_file,
)
from pytest_canary.config.manifest_files import find_manifests
from pytest_canary.config.messages import SHOWN, key, mistake, quote
from pytest_canary.config.settings import ENVIRONMENT, Files, Settings, Tables
from pytest_canary.config.settings_mistakes import absences, contradictions, is_file
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.findings import Level
from pytest_canary.core.wording import cut
from pytest_canary.manifests.documents import read
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.templates import Script

# Mistakes that are told: a file that has more is not one of settings.
MOST = 50


def find(root: Path, given: str | None = None) -> Path | None:
    """The file that holds the settings, or None where the defaults do.

    Raises:
        SettingsError: the given file does not exist, or two files hold settings.
    """
    if given:
        # What a shell completes is relative to where one stands; a CI's line, to the root.
        paths = [folder / given for folder in (Path.cwd(), root)]
        found = next((path for path in paths if is_file(path)), None)
        if found is None:
            raise SettingsError(f"--canary-config: there is no file {cut(given, SHOWN)} in {root}")
        return found
    alone = root / "canary.toml"
    project = root / "pyproject.toml"
    in_project = project.is_file() and "canary" in toml_file.tools(toml_file.parse(project))
    if alone.is_file() and in_project:
        raise SettingsError(
            "canary.toml and [tool.canary] in pyproject.toml both hold settings; keep one of them"
        )
    if alone.is_file():
        return alone
    return project if in_project else None


def load(
    root: Path, given: str | None = None, *, rules: Mapping[str, Level] | None = None
) -> Settings:
    """Read and check the settings.

    Args:
        root: the folder to look in.
        given: the file that `--canary-config` names, relative to the current folder or the root.
        rules: the rules whose level can be set, each with its own; None for any name.

    Raises:
        SettingsError: with every mistake, a line each: file, key, value, what is allowed.
    """
    file = find(root, given)
    if file is None:
        return check({}, root, "defaults", rules=rules)
    table = toml_file.parse(file)
    source = given or file.name
    if file.name == "pyproject.toml":
        table = toml_file.tools(table).get("canary", {})
        source = f"{source} [tool.canary]"
        if not isinstance(table, dict):
            raise SettingsError(f"{source} = {quote(table)}: a table")
    return check(table, file.parent, source, rules=rules)


def check(
    table: dict[str, Any], root: Path, source: str, *, rules: Mapping[str, Level] | None = None
) -> Settings:
    """The settings that a parsed table holds; raises SettingsError with every mistake at once."""
    mistakes: list[str] = []
    wrong: set[str] = set()
    try:
        tables = Tables.model_validate(table)
    except ValidationError as error:
        details = error.errors()
        mistakes = [f"{source}: {mistake(detail, Tables)}" for detail in details[:MOST]]
        if len(details) > MOST:
            mistakes.append(f"{source}: and {len(details) - MOST:,} more")
        wrong = {key(detail) for detail in details}
        # The rest is checked too, on what is right, so that one round tells everything.
        tables = Tables.model_validate(_without(table, details))
    files = _files(tables, root)
    if files.apply and is_file(files.deployment) and os.access(files.deployment, os.R_OK):
        found = parse(read(files.deployment, root)).documents
        migration = migration_settings.recognise(tables.migration, tables.commands, found)
        tables = tables.model_copy(update={"migration": migration})
    promotion, unread = promotion_pipeline.read_condition(tables.promotion, root)
    tables = tables.model_copy(update={"promotion": promotion})
    problems = absences(tables, files, root) + contradictions(tables, files, wrong, rules) + unread
    mistakes += [
        f"{source}: {key} = {quote(value)}: {problem}"
        for key, value, problem in problems
        if key not in wrong
    ]
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    scripted = files.renderer == "apply.sh"
    service_name = service_names.of_file(files.service) if scripted else None
    # What a tool makes is known once it was run.
    name = tables.name or (service_names.app_name(service_name) if scripted else "")
    values = {field: getattr(tables, field) for field in Tables.model_fields}
    own = {
        "name": name,
        "environment": _default_variables(files.apply) | tables.environment,
        "commands": migration_settings.own_commands(tables.migration, tables.commands),
        "root": root,
        "source": source,
        "files": files,
        "service_name": service_name or (f"{name}-lb" if scripted else ""),
    }
    # The tables are checked; what is added is of the right type already.
    return Settings.model_construct(**(values | own))


def _files(tables: Tables, root: Path) -> Files:
    image, manifests = tables.image, tables.manifests
    # Most projects have their Dockerfile at the top, the bundled addressbook in app/.
    folders = [image.context] if image.context else [".", "app"]
    dockerfile = image.dockerfile or "Dockerfile"
    context = next((each for each in folders if is_file(root / each / dockerfile)), folders[0])
    job = root / tables.migration.job if tables.migration.job else None
    prerequisites = tuple(root / each for each in manifests.prerequisites)
    found = find_manifests(manifests, root)
    if found.sources:
        return Files(
            context=root / context,
            dockerfile=root / context / dockerfile,
            deployment=found.sources[0],
            service=found.sources[0],
            apply=None,
            renderer=found.renderer,
            sources=found.sources,
            values=tuple(root / each for each in manifests.values),
            job=job,
            prerequisites=prerequisites,
        )
    return Files(
        context=root / context,
        dockerfile=root / context / dockerfile,
        deployment=root / manifests.deployment,
        service=root / manifests.service,
        apply=root / manifests.apply,
        job=job,
        prerequisites=prerequisites,
    )


def _default_variables(apply: Path | None) -> dict[str, str]:
    """The variables that are set where no settings do so.

    None for a script that puts nothing in the place of a variable that is not set: what it is
    released with, it is to be rehearsed with. None where nothing fills anything in.
    """
    if apply is None:
        return {}
    empties = Script(apply.name, read(apply, apply.parent).text).empties
    return {} if empties else ENVIRONMENT


def _without(table: dict[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    """The table without the values that are wrong, so that the others can be checked."""
    pruned = dict(table)
    for top in {str(detail["loc"][0]) for detail in details}:
        value = pruned.pop(top, None)
        locations = [detail["loc"] for detail in details if detail["loc"][0] == top]
        if isinstance(value, dict) and all(len(each) > 1 for each in locations):
            wrong = {str(each[1]) for each in locations}
            pruned[top] = {k: v for k, v in value.items() if k not in wrong}
    try:
        Tables.model_validate(pruned)
    except ValidationError:
        return {}
    return pruned
