"""The variables without a value that commands use, whoever's file has them; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines.definition import Command
from pytest_canary.pipelines.shell import events


@dataclass(frozen=True)
class Program:
    """A program that reads variables by itself, when it is given a file.

    Attributes:
        name: as a command runs it.
        file: what the file is called.
        variables: those it reads.
    """

    name: str
    file: str
    variables: Collection[str]

    def runs_in(self, command: str) -> bool:
        """Whether a command runs it with the file."""
        name, file = re.escape(self.name), re.escape(self.file)
        return (
            re.search(rf"(?:^|[\s;&|/]){name}\s[^;&|]{{0,500}}\b{file}(?=\s|$)", command)
            is not None
        )


@dataclass(frozen=True)
class Use:
    """A variable, the command that needs it, and the program that reads it there, if one does."""

    name: str
    command: Command
    program: str = ""


def uses_without_value(
    commands: Collection[Command],
    known: Collection[str],
    programs: Collection[Program],
    given: re.Pattern[str],
    spared: Collection[str] = (),
) -> Iterator[Use]:
    """The variables without a value, each where it is used first.

    Args:
        commands: of one shell, in their order.
        known: the variables that it begins with.
        programs: those that read variables by themselves.
        given: the names of those that any shell has there.
        spared: those that others do without.
    """
    steps = [(command, events(command.text)) for command in commands]
    has = {*known, *spared}
    has |= {each.name for _, found in steps for each in found if each.kind == "spare"}
    for command, found in steps:
        for each in found:
            if each.kind == "anything":
                return
            if each.kind == "use" and each.name not in has and not given.fullmatch(each.name):
                yield Use(each.name, command)
            has.add(each.name)
        for program in programs:
            if program.runs_in(command.text):
                for name in sorted({*program.variables} - has):
                    if not given.fullmatch(name):
                        yield Use(name, command, program.name)


def fault(use: Use, known: Collection[str], gives: str, fix: str) -> Fault:
    """A variable without a value, with the line that uses it.

    Args:
        use: the variable, and the command that needs it.
        known: those that have one, of which it may be a misspelling.
        gives: what could give it one: "env_vars or secret".
        fix: what to do, where it is like none of them.
    """
    name, source, line = use.name, use.command.source, use.command.line
    lines = range(line, line + use.command.text.count("\n") + 2)
    written = re.compile(rf"\$\{{?[!#]?{re.escape(name)}\b")
    here = [number for number in lines if written.search(source.line(number))]
    by = f", which {use.program} reads," if use.program else ""
    return Fault(
        source,
        here[0] if here else line,
        f"${name}{by} has no value: no {gives} gives it one",
        did_you_mean(name, sorted(known), fix),
    )
