"""What is wrong with settings that are each right: with each other, and with what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from pytest_canary.config import build_args, migration_settings, promotion_condition
from pytest_canary.config.manifest_files import (
    ManifestFiles,
    misfit,
    misfits_of_prerequisites,
)
from pytest_canary.config.messages import SHOWN, nearest
from pytest_canary.config.settings import Files, Tables
from pytest_canary.core.findings import Level
from pytest_canary.core.wording import cut

# From what fails a walk to what is only in the report.
LEVELS: tuple[Level, ...] = get_args(Level)


def contradictions(
    tables: Tables, files: Files, wrong: set[str], rules: Mapping[str, Level] | None
) -> list[tuple[str, object, str]]:
    """Rules that span several settings: key, value, what is wrong.

    What is wrong by itself is told already.
    """

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
    args = tables.image.build_args
    for arg in build_args.secret_names(args):
        if build_args.is_dockers_own(arg):
            # Its value would have to stand in an argument list, which everyone can read.
            problem = "looks like a secret, and the docker command reads it; choose another name"
            mistakes.append((f"image.build-args.{arg}", "…", problem))
    if rules is not None:
        mistakes += _levels(tables, rules)
    given = api.model_fields_set & {"write", "read"}
    if right("api.write", "api.read") and len(given) == 1:
        has, lacks = ("write", "read") if "write" in given else ("read", "write")
        mistakes.append(
            (f"api.{has}", "…", f"goes with [api.{lacks}]: what is written must be read back")
        )
    if right("migration", "commands"):
        mistakes += migration_settings.mistakes(tables.migration, tables.commands, files.renderer)
    mistakes += promotion_condition.mistakes(tables.promotion)
    mistakes += [
        (f"pipeline.secrets.{cut(name, SHOWN)}", "{}", "name the variables or files that it gives")
        for name, secret in tables.pipeline.secrets.items()
        if not (secret.variables or secret.files)
    ]
    if "{unique}" not in str((api.write.json_, api.write.form, api.write.path)):
        mistakes.append(
            (
                "api.write",
                f"{api.write.method} {api.write.path}",
                "needs {unique} in its json, form or path, to be told apart when it is read back",
            )
        )
    if "{unique}" in (api.read.contains or ""):
        mistakes.append(
            (
                "api.read.contains",
                str(api.read.contains),
                "has no {unique}, as it brings all rows; each row's own is looked for in it anyway",
            )
        )
    return mistakes


def _levels(tables: Tables, rules: Mapping[str, Level]) -> Iterator[tuple[str, object, str]]:
    """The levels that are set of what is no rule, or lower than a rule's own without a reason."""
    for rule, found in tables.findings.items():
        name = f"findings.{cut(rule, SHOWN)}.level"
        if rule not in rules:
            yield name, found.level, f"no such rule{nearest(rule, list(rules))}"
        elif LEVELS.index(found.level) > LEVELS.index(rules[rule]) and not found.why.strip():
            problem = f"lower than the rule's own, which is {rules[rule]}, so say why"
            yield name, found.level, f'{problem}: why = "…"'


def absences(tables: Tables, files: Files, root: Path) -> list[tuple[str, object, str]]:
    """The files that are named and not there: key, value, what is wrong."""
    image, manifests = tables.image, tables.manifests
    named = [("image.dockerfile", image.dockerfile or "Dockerfile", files.dockerfile)]
    if files.apply:
        named += [
            ("manifests.deployment", manifests.deployment, files.deployment),
            ("manifests.service", manifests.service, files.service),
            ("manifests.apply", manifests.apply, files.apply),
        ]
    if files.job:
        named.append(("migration.job", str(tables.migration.job), files.job))
    pipelines = tables.pipeline
    named += [
        (f"pipeline.{key}", value, root / value)
        for key in ("file", "canary", "stable", "rollback")
        if (value := getattr(pipelines, key))
    ]
    absent: list[tuple[str, object, str]] = []
    if wrong := misfit(ManifestFiles(files.renderer, files.sources), manifests, root):
        absent.append(wrong)
    absent += misfits_of_prerequisites(manifests, root)
    # Without one that is named, it is the root, which is there.
    if image.context and not _is_folder(files.context):
        shown = cut(str(files.context), SHOWN)
        absent.append(("image.context", image.context, f"there is no folder {shown}"))
    if pipelines.stand_ins and not _is_folder(root / pipelines.stand_ins):
        shown = cut(str(root / pipelines.stand_ins), SHOWN)
        absent.append(("pipeline.stand-ins", pipelines.stand_ins, f"there is no folder {shown}"))
    for name, value, path in named:
        shown = cut(str(path), SHOWN)
        if not is_file(path):
            absent.append((name, value, f"there is no file {shown}"))
        elif not os.access(path, os.R_OK):
            absent.append((name, value, f"{shown} can't be read: permission denied"))
    return absent


def is_file(path: Path) -> bool:
    """Whether there is a file; no, too, for a name that no file system takes."""
    try:
        return path.is_file()
    except OSError:
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
