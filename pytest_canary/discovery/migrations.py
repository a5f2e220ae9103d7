"""What migrates the database beside a command: a Job, or an init container of the app's pods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pytest_canary.config.migration_settings import CommandSettings, MigrationSettings, recognise
from pytest_canary.discovery.answers import Answer, Question, Setting, Value
from pytest_canary.discovery.manifests import files_with
from pytest_canary.discovery.repository import Repository
from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.parsing import parse


def migration(repository: Repository, applied: Iterable[Answer]) -> Iterator[Answer]:
    """What migrates by the manifests; nothing where they don't tell.

    Args:
        repository: has them.
        applied: what was found out about manifests.
    """
    named = {each.key: each.value for each in applied if isinstance(each, Setting)}
    files = _released_files(repository, named)
    known = _recognise(repository, files)
    alone = (each for each in files if _recognise(repository, [each]).known)
    if known.container:
        yield Setting("migration.by", "init-container", f"{next(alone)} has one that migrates")
        yield Setting("migration.container", known.container, "by its name or command")
        return
    if known.known:
        yield Setting("migration.by", "job", f"{next(alone)} has one that migrates")
        return
    if "manifests.renderer" in named:
        # A Job that stands elsewhere is none of what the tool makes.
        return
    jobs = [each for each in files_with(repository, "Job") if each not in files]
    jobs = [each for each in jobs if re.search("migrat", repository.text(each), re.IGNORECASE)]
    if len(jobs) == 1:
        yield Setting("migration.job", jobs[0], f"{jobs[0]} has a Job that migrates")
    elif jobs:
        listed = ", ".join(jobs[:5])
        yield Question("migration", f"several Jobs may migrate: {listed}", 'write job = "…"')


def _released_files(repository: Repository, named: Mapping[str, Value]) -> list[str]:
    """The files whose objects are released, as far as only a tool does not know that."""
    template = named.get("manifests.deployment")
    if template:
        return [str(template)]
    kinds = ("Deployment", "Job")
    found = list(dict.fromkeys(file for kind in kinds for file in files_with(repository, kind)))
    if named.get("manifests.renderer") == "kustomize":
        return found
    if named.get("manifests.renderer") != "yaml":
        return []
    path = named.get("manifests.path")
    paths = path if isinstance(path, list) else [path]
    return [file for file in found if any(f"{file}/".startswith(f"{each}/") for each in paths)]


def _recognise(repository: Repository, files: Iterable[str]) -> MigrationSettings:
    """What migrates by these files."""
    sources = [Source(Path(each), each, repository.text(each)) for each in files]
    documents = [document for each in sources for document in parse(each).documents]
    return recognise(MigrationSettings(), CommandSettings(), documents)
