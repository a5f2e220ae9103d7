"""What a compose file says: which service is built, and which database is beside it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_canary.discovery.repository import Repository, table, tables

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")


@dataclass(frozen=True)
class Built:
    """A service whose image is built.

    Attributes:
        file: the compose file.
        service: its name there.
        context: the folder, from the root on.
        dockerfile: from the context on.
    """

    file: str
    service: str
    context: str
    dockerfile: str


@dataclass(frozen=True)
class Stored:
    """A service that is a database.

    Attributes:
        file: the compose file.
        image: the service's.
        name: of the database, where it is said.
        user: its owner, where that is said.
    """

    file: str
    image: str
    name: str = ""
    user: str = ""


def built_services(repository: Repository) -> Iterator[Built]:
    """The services that are built of something that is there."""
    for file, name, service in _services(repository):
        build = service.get("build")
        how = {"context": build} if isinstance(build, str) else table(build)
        folder = posixpath.dirname(file)
        context = posixpath.normpath(posixpath.join(folder, str(how.get("context") or ".")))
        dockerfile = str(how.get("dockerfile") or "Dockerfile")
        there = posixpath.normpath(posixpath.join(context, dockerfile))
        if how and there in repository.files:
            yield Built(file, name, context, dockerfile)


def databases(repository: Repository, pattern: str) -> Iterator[Stored]:
    """The services whose image is called so."""
    for file, _, service in _services(repository):
        image = service.get("image")
        if isinstance(image, str) and re.search(pattern, image):
            variables = _variables(service.get("environment"))
            yield Stored(
                file,
                image,
                variables.get("POSTGRES_DB", ""),
                variables.get("POSTGRES_USER", ""),
            )


def _services(repository: Repository) -> Iterator[tuple[str, str, dict[str, Any]]]:
    file = repository.first(*NAMES)
    if file:
        for name, service in tables(table(repository.yaml(file)).get("services")):
            yield file, name, service


def _variables(given: Any) -> dict[str, str]:
    """A service's environment, which is a table or a list of NAME=VALUE."""
    if isinstance(given, list):
        pairs = (str(each).partition("=") for each in given)
        return {name: value for name, _, value in pairs}
    return {str(name): str(value) for name, value in table(given).items()}
