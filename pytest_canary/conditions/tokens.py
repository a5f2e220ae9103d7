"""A condition's text, cut into words, texts, numbers and signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.tree import KEYWORDS

Kind = Literal["text", "key", "keyword", "boolean", "join", "name", "number", "operator", "sign"]

_TOKEN = re.compile(
    r"""
      (?P<blank>    [ \t\n\r]+ )
    | (?P<text>     '[^']+' )
    | (?P<key>      [a-zA-Z][a-zA-Z0-9_-]*: )
    | (?P<name>     [a-zA-Z][a-zA-Z0-9_-]* )
    | (?P<number>   -?(?:0|[1-9][0-9]*)(?:\.[0-9]+)? )
    | (?P<operator> =~ | !~ | != | = )
    | (?P<sign>     [()\[\]{},] )
    """,
    re.VERBOSE,
)

# Words with a meaning of their own are written in lower or in upper case, and not mixed.
_WORDS: dict[str, Kind] = {
    **dict.fromkeys(KEYWORDS, "keyword"),
    **dict.fromkeys(("true", "false"), "boolean"),
    **dict.fromkeys(("and", "or"), "join"),
}
_SPELT = _WORDS | {word.upper(): kind for word, kind in _WORDS.items()}

# What other languages write, and this one otherwise.
_INSTEAD = {
    '"': "a text stands in single quotes",
    "'": "a text has at least one character, and ends with a single quote",
    "&": "write and",
    "|": "write or",
    "!": "there are =, !=, =~ and !~",
    "~": "there are =, !=, =~ and !~",
}


@dataclass(frozen=True)
class Token:
    """One piece.

    Attributes:
        text: as it is written.
        place: where it begins: "character 12", in a text of several lines "line 2, character 5".
    """

    kind: Kind
    text: str
    place: str


def tokens(text: str) -> Iterator[Token]:
    """The pieces of a condition, in order.

    Raises:
        ConditionError: it has characters that the language has not.
    """
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConditionError("lexical", _illegal(text, at))
        piece, named = found.group(), found.lastgroup
        if named != "blank":
            kind = _SPELT.get(piece) or cast("Kind", named)
            yield Token(kind, piece, place(text, at))
        at = found.end()


def place(text: str, at: int) -> str:
    """Where the character with this index stands, for a person: counted from 1."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return f"line {line}, character {column}" if "\n" in text.strip() else f"character {at + 1}"


def _illegal(text: str, at: int) -> str:
    instead = _INSTEAD.get(text[at])
    hint = f"; {instead}" if instead else ""
    return f"{text[at]!r} at {place(text, at)} can't stand there{hint}"
