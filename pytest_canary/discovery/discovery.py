"""Everything that a repository is asked, and the file of settings that its answers make."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.discovery.answers import Answer, Question, Setting, Value
from pytest_canary.discovery.api import api, description_file
from pytest_canary.discovery.app_name import name
from pytest_canary.discovery.commands import commands
from pytest_canary.discovery.databases import database
from pytest_canary.discovery.images import image
from pytest_canary.discovery.manifests import manifests
from pytest_canary.discovery.migrations import migration
from pytest_canary.discovery.repository import Repository

HEAD = """\
# Settings of pytest-canary, as `pytest --canary-init` has found them; this file is yours.
# `pytest --canary-check` looks at what they name, in a second. What begins with "?" was not found.
"""

TABLES = (
    "",
    "image",
    "manifests",
    "commands",
    "migration",
    "environment",
    "database",
    "api",
    "api.write",
    "api.read",
    "pipeline",
)

# Where a line's comment begins.
COLUMN = 36


@dataclass(frozen=True)
class Discovery:
    """What a repository has answered.

    Attributes:
        answers: settings and open questions, in the order of the tables.
    """

    answers: tuple[Answer, ...]

    @property
    def settings(self) -> list[Setting]:
        """What was found out."""
        return [each for each in self.answers if isinstance(each, Setting)]

    @property
    def questions(self) -> list[Question]:
        """What was not."""
        return [each for each in self.answers if isinstance(each, Question)]

    @property
    def text(self) -> str:
        """The file of settings, in TOML."""
        parts = [HEAD, *filter(None, (self._part(table) for table in TABLES))]
        return "\n".join(parts)

    def _part(self, table: str) -> str:
        lines = []
        for each in self.settings:
            if each.table == table:
                key = each.key.rpartition(".")[2]
                lines.append(f"{f'{key} = {toml(each.value)}':<{COLUMN}} # {_line(each.why)}")
        for question in self.questions:
            if question.table == table:
                lines.append(f"# ? {_line(question.text)}")
                lines.append(f"#   {_line(question.next)}")
        if table and lines:
            lines.insert(0, f"[{table}]")
        return "".join(f"{line}\n" for line in lines)


def discover(root: Path) -> Discovery:
    """Look at a repository.

    Args:
        root: its top, or the folder in it that is released.
    """
    repository = Repository(root)
    built = list(image(repository))
    context = next(
        (str(each.value) for each in _settings(built) if each.key == "image.context"), "."
    )
    # Of several apps, the one that the image is built of.
    source = Repository(root / context)
    applied = list(manifests(repository))
    migrating = list(migration(repository, applied))
    return Discovery(
        (
            *name(repository, source, applied),
            *built,
            *applied,
            *commands(source, migrates=not migrating),
            *migrating,
            *_environment(repository, source, applied),
            *database(repository, source),
            *api(source if description_file(source) else repository),
            *_pipeline(repository),
        )
    )


def _settings(answers: Iterable[Answer]) -> Iterator[Setting]:
    return (each for each in answers if isinstance(each, Setting))


def _environment(
    repository: Repository, source: Repository, applied: Iterable[Answer]
) -> Iterator[Answer]:
    """The port, where the template asks for it and the image tells it."""
    templates = (each for each in _settings(applied) if each.key == "manifests.deployment")
    template = next((str(each.value) for each in templates), "")
    if not template or not re.search(r"\$\{?PORT\b", repository.text(template)):
        return
    for file in source.with_name("Dockerfile", "Containerfile"):
        port = re.search(r"^EXPOSE\s+(\d{1,5})\b", source.text(file), re.MULTILINE)
        if port:
            yield Setting("environment.PORT", port[1], f"{file} exposes it, and {template} asks")
            return
    yield Question("environment", f"the port that {template} asks for", 'write PORT = "…"')


def _pipeline(repository: Repository) -> Iterator[Answer]:
    file = ".semaphore/semaphore.yml"
    if file in repository.files:
        yield Setting("pipeline.file", file, "it is looked at too, with all that it promotes to")
        yield Setting("pipeline.run", False, "true: a walk's transitions are what it runs")


def toml(value: Value) -> str:
    """A value as TOML writes it: JSON's way, but for tables."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {toml(each)}" for name, each in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, str | int):
        # DEL is the one letter that JSON leaves as it is and TOML does not take.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"[{', '.join(toml(each) for each in value)}]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)


def _line(text: str) -> str:
    """A text that ends no comment, whatever a file is called."""
    return "".join(each if each.isprintable() else "?" for each in text)
