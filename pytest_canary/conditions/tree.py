"""A condition as a tree, as the parser makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf

REFS = ("branch", "tag", "pull_request")
"""The keywords for what a workflow runs on: one has a value, the other two are empty."""

KEYWORDS = (*REFS, "result", "result_reason")

Value = str | bool | int | float | list["Value"] | dict[str, "Value"]
Operator = OneOf["=", "!=", "=~", "!~"]
AndOr = OneOf["and", "or"]


@dataclass(frozen=True)
class Literal:
    """A value that is written out; `'true'` and `'false'` in quotes are booleans too.

    Attributes:
        place: where it stands in the text: "character 12".
    """

    value: Value
    place: str = ""


@dataclass(frozen=True)
class Keyword:
    """What the pipeline tells, by its name in lower case."""

    name: str
    place: str = ""


@dataclass(frozen=True)
class Call:
    """A function, called with values that are written out."""

    name: str
    arguments: tuple[Value, ...] = ()
    place: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two sides, equal or not, or the left one matched with the pattern on the right."""

    operator: Operator
    left: Expression
    right: Expression
    place: str = ""

    @property
    def is_match(self) -> bool:
        """Whether its right side is a regular expression."""
        return self.operator in ("=~", "!~")


@dataclass(frozen=True)
class Link:
    """One more term of a chain."""

    operator: AndOr
    term: Expression
    place: str = ""


@dataclass(frozen=True)
class Chain:
    """Terms that are joined by `and` and `or`: both have one precedence, read from the left."""

    first: Expression
    links: tuple[Link, ...]


Expression = Literal | Keyword | Call | Comparison | Chain


def parts(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it, in reading order."""
    yield expression
    if isinstance(expression, Comparison):
        yield from parts(expression.left)
        yield from parts(expression.right)
    elif isinstance(expression, Chain):
        for term in terms(expression):
            yield from parts(term)


def terms(chain: Chain) -> list[Expression]:
    """What a chain joins."""
    return [chain.first, *(link.term for link in chain.links)]
