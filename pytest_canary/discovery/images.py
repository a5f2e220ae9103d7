"""How the image is built."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pytest_canary.discovery.answers import Answer, Question, Setting
from pytest_canary.discovery.compose import built_services
from pytest_canary.discovery.repository import Repository

NAMES = ("Dockerfile", "Containerfile")


def image(repository: Repository) -> Iterator[Answer]:
    """The folder and the Dockerfile that make the candidate's image."""
    services = [*built_services(repository)]
    files = repository.with_name(*NAMES) or [
        each for each in repository.files if posixpath.basename(each).startswith("Dockerfile.")
    ]
    if services:
        first = services[0]
        why = f"{first.file} builds service {first.service} of it"
        yield from _of(first.context, first.dockerfile, why)
        if len(services) > 1:
            names = ", ".join(each.service for each in services)
            yield Question(
                "image",
                f"{first.file} builds several services: {names}",
                f"this is {first.service}; name another one's folder, if that is released",
            )
    elif files:
        yield from _of(*_place(repository, files[0]), f"{files[0]} is there")
        if len(files) > 1:
            yield Question(
                "image",
                f"there are several: {', '.join(files[:5])}",
                "name another one, if that is released",
            )
    else:
        yield Question(
            "image", "there is no Dockerfile", "write one; a walk builds the image of it"
        )


def _place(repository: Repository, file: str) -> tuple[str, str]:
    """The context of a Dockerfile, and its path from there.

    One that lies in a folder with nothing that it could copy is for all of the repository.
    """
    folder, name = posixpath.split(file)
    beside = [each for each in repository.files if each.startswith(f"{folder}/")]
    if folder and all(posixpath.basename(each).startswith(NAMES) for each in beside):
        return ".", file
    return folder or ".", name


def _of(context: str, dockerfile: str, why: str) -> Iterator[Setting]:
    yield Setting("image.context", context, why)
    if dockerfile != "Dockerfile":
        yield Setting("image.dockerfile", dockerfile, why)
