"""The words of one shell command, and what a command of these words does with variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["use", "set", "spare", "anything"]

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]\n]{0,200}\])?\+?=", re.ASCII)
ARITHMETIC = re.compile(r"\b([A-Za-z_]\w*)\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)", re.ASCII)

# Words after which a command begins.
BEGINS = {"if", "then", "elif", "else", "while", "until", "do", "{", "!", "time"}
BEGINS |= {"command", "builtin", "exec", "sudo", "env"}
DECLARES = {"export", "declare", "typeset", "local", "readonly"}
READS = {"read", "mapfile", "readarray"}
# What may set any variable.
RUNS = {"source", ".", "eval"}


@dataclass(frozen=True)
class Event:
    """What happens to a variable.

    Attributes:
        kind: "use" where its value is needed; "set" where it gets one; "spare" where the command
            does without, as `${X:-1}` and `[ -z "$X" ]` do; "anything" where what gets a value is
            not in the text.
        name: empty for "anything".
    """

    kind: Kind
    name: str = ""


ANYTHING = Event("anything")


class Words:
    """The words of one command, and what it does with variables."""

    def __init__(self, found: list[Event]) -> None:
        self._found = found
        self._begin()

    def _begin(self) -> None:
        # Assignments before the command, then the command and its words.
        self._assigned: list[str] = []
        self._words: list[str] = []
        self._closed = False
        self._began = len(self._found)

    @property
    def is_first(self) -> bool:
        """Whether no word has come yet."""
        return not self._assigned and not self._words

    @property
    def is_comparison(self) -> bool:
        """Whether it is `[[ … ]]`, where signs are operators."""
        return self._words[:1] == ["[["] and not self._closed

    @property
    def may_assign(self) -> bool:
        """Whether the next word may be an assignment: before the command, or of one that is one."""
        return not self._words or self._words[0] in DECLARES or self._words[0] == "alias"

    def add(self, word: str) -> None:
        """Take the next word; one after which a command begins ends what was there."""
        if ASSIGNMENT.match(word):
            self._assigned.append(word)
        elif self._words[:1] == ["function"] and word == "{":
            self._words = []
        elif self._words:
            self._words.append(word)
            self._closed = self._closed or word == "]]"
        elif word in BEGINS:
            self._assigned = []
        elif word:
            self._words.append(word)

    def end(self) -> None:
        """Tell what the command does; begin another."""
        if self._words:
            names = [word for word in self._words[1:] if NAME.fullmatch(word)]
            self._found += _effects(self._words, names, self._assigned)
            if self._words[0] in ("[", "[[", "test"):
                # Who asks for a variable's value has thought of its having none.
                self._found += [
                    Event("spare", each.name)
                    for each in self._found[self._began :]
                    if each.kind == "use"
                ]
        self._begin()


def _effects(words: list[str], names: list[str], assigned: list[str]) -> Iterator[Event]:
    """What gets a value by a command of these words."""
    command = words[0]
    if command in RUNS or (command == "set" and "allexport" in words):
        yield ANYTHING
    elif command in DECLARES:
        # What is put in may be anything: export $(cat variables).
        if any(not word for word in words[1:]):
            yield ANYTHING
        if command != "export":
            yield from (Event("set", name) for name in names)
    elif command in READS:
        yield from (Event("set", name) for name in names)
    elif command in ("for", "select", "coproc"):
        yield from (Event("set", name) for name in names[:1])
    elif command == "getopts":
        yield from (Event("set", name) for name in names[-1:])
    elif command == "printf" and "-v" in words:
        yield from (Event("set", name) for name in words[words.index("-v") + 1 :][:1])
    elif command == "let":
        found = ARITHMETIC.findall(" ".join(assigned))
        yield from (Event("set", name) for name in found)
