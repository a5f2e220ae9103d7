"""What the shells of other services have, and what their jobs hand on to each other; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines.definition import Command
from pytest_canary.pipelines.faults import UNPROVIDED
from pytest_canary.pipelines.uses import Program, Use, fault
from pytest_canary.pipelines.variables import GIVEN, Provided

# Semaphore's own are nobody else's.
_OWN = GIVEN.pattern.replace("SEMAPHORE|SEMANTIC|", "")

_WRITTEN = re.compile(r"(?:^|[\s\"'({])([A-Za-z_][\w-]*)(?:=|<<)", re.ASCII)


def names_of_shell(*more: str) -> re.Pattern[str]:
    """The names that a shell has by itself, those of its machine and its service included."""
    return re.compile("|".join([_OWN, *more]))


def handed_on_names(text: str) -> set[str]:
    """The names that a script may hand on as NAME=VALUE."""
    return {found[1] for found in _WRITTEN.finditer(text)}


@dataclass(frozen=True)
class Wants:
    """What gives variables beside a file.

    Attributes:
        variables: those that are there without the file saying so.
        secrets: those that described secrets give.
        described: whether any is described, so that what is in none is not there.
        programs: those that read variables by themselves.
    """

    variables: frozenset[str]
    secrets: frozenset[str]
    described: bool
    programs: Collection[Program]


def wants(provided: Provided) -> Wants:
    """What is known of a workflow beside its file."""
    secrets = frozenset(name for each in provided.secrets.values() for name in each)
    described = bool(provided.secrets)
    return Wants(frozenset(provided.variables), secrets, described, provided.programs)


class VariableFaults:
    """Faults of one file, each variable once."""

    def __init__(self, gives: str, fix: str) -> None:
        self._gives = gives
        self._fix = fix
        self._names: set[str] = set()

    def uses(self, uses: Iterator[Use], known: Collection[str]) -> Iterator[Fault]:
        """Those of commands."""
        for use in uses:
            if self.is_new(use.name):
                found = fault(use, known, self._gives, self._fix)
                yield replace(found, rule=UNPROVIDED)

    def is_new(self, name: str) -> bool:
        """Whether a name has not been told yet."""
        if name in self._names:
            return False
        self._names.add(name)
        return True


def first_line(command: Command) -> str:
    """A command's first line that has something, as it stands in its file."""
    return next((line.strip() for line in command.text.splitlines() if line.strip()), "")
