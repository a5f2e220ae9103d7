"""What the app is called, by the objects that are made of it or by its sources."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from pytest_canary.discovery.answers import Answer, Question, Setting
from pytest_canary.discovery.manifests import KUSTOMIZATIONS, charts, service_files
from pytest_canary.discovery.repository import Repository, table

# The name of a Kubernetes object, with room for what a walk adds.
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?")

# Bases below bases: more are a circle.
DEEPEST = 10


def name(repository: Repository, source: Repository, applied: Iterable[Answer]) -> Iterator[Answer]:
    """What the app is called: by its chart, its Service, its package, or its folder.

    Args:
        repository: has the manifests.
        source: the app that the image is built of.
        applied: what was found out about manifests.
    """
    named = {each.key: each.value for each in applied if isinstance(each, Setting)}
    path = named.get("manifests.path")
    paths = [path] if isinstance(path, str) else path if isinstance(path, list) else []

    def elsewhere(file: str) -> bool:
        return bool(paths) and not any(f"{file}/".startswith(f"{each}/") for each in paths)

    services = service_files(repository)
    if named.get("manifests.renderer") == "yaml":
        services.sort(key=elsewhere)
    service, chart = next(iter(services), ""), next(iter(charts(repository)), "")
    package, project = source.first("package.json"), source.first("pyproject.toml")
    of_service = service_name(repository, service).removesuffix("-lb") if service else ""
    why = service
    if of_service and named.get("manifests.renderer") == "kustomize" and paths:
        before, after = _affixes(repository, paths[0])
        of_service = f"{before}{of_service}{after}"
        why += f", and {paths[0]} adds to names" if before or after else ""
    called = [
        (str(table(repository.yaml(chart)).get("name") or "") if chart else "", chart),
        (of_service, why),
        (str(source.json(package).get("name") or "").rpartition("/")[2], package),
        (str(table(source.toml(project).get("project")).get("name") or ""), project),
        (repository.root.name, "the folder's name"),
    ]
    for found, why in called:
        fitting = re.sub(r"[^a-z0-9-]+", "-", found.lower()).strip("-")[:52].strip("-")
        if fitting:
            yield Setting("name", fitting, why)
            return
    yield Question("", "what the app is called", 'write name = "…"; its Service is NAME-lb')


def service_name(repository: Repository, file: str) -> str:
    """What a file's Service is called; empty where that can't be read."""
    for text in re.split(r"^---.*$", repository.text(file), flags=re.MULTILINE):
        if re.search(r"^kind:\s*Service\s*$", text, re.MULTILINE):
            block = re.search(r"^metadata:\s*\n((?:[ \t]+.*\n?|\s*\n)+)", text, re.MULTILINE)
            inside = block[1] if block else re.sub(r"[{},]", "\n ", text)
            named = re.search(r"^\s+name:\s*[\"']?([a-z0-9-]+)", inside, re.MULTILINE)
            if named and NAME.fullmatch(named[1]):
                return named[1]
    return ""


def _affixes(repository: Repository, folder: str, depth: int = 0) -> tuple[str, str]:
    """What a kustomization and its first base put before and behind every name."""
    files = (posixpath.normpath(posixpath.join(folder, each)) for each in KUSTOMIZATIONS)
    file = next((each for each in files if each in repository.files), "")
    if not file or depth > DEEPEST:
        return "", ""
    found = table(repository.yaml(file))
    before, after = str(found.get("namePrefix") or ""), str(found.get("nameSuffix") or "")
    for key in ("resources", "bases"):
        listed = found.get(key)
        for each in listed if isinstance(listed, list) else []:
            inner = _affixes(repository, posixpath.join(folder, str(each)), depth + 1)
            if any(inner):
                return before + inner[0], inner[1] + after
    return before, after
