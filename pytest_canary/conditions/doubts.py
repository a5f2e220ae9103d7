"""What a condition says that its writer hardly means, though Semaphore takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_canary.conditions.patterns import trailing_star
from pytest_canary.conditions.tree import (
    Chain,
    Comparison,
    Expression,
    Keyword,
    Literal,
    parts,
    terms,
)


@dataclass(frozen=True)
class Doubt:
    """One of them.

    Attributes:
        sentence: what it says, and what it really means.
        next: what to write instead.
    """

    sentence: str
    next: str


def doubts(expression: Expression) -> Iterator[Doubt]:
    """All of them, in reading order."""
    if isinstance(expression, Literal):
        yield from _alone(expression)
    for part in parts(expression):
        if isinstance(part, Chain):
            for term in terms(part):
                yield from _alone(term)
            yield from _precedence(part)
        elif isinstance(part, Comparison) and part.is_match:
            yield from _pattern(part)


def _alone(term: Expression) -> Iterator[Doubt]:
    if isinstance(term, Literal) and isinstance(term.value, str):
        yield Doubt(
            f"{_quote(term.value)}{_at(term.place)} is compared with nothing, and so always true",
            f"compare it: branch = {_quote(term.value)}",
        )


def _precedence(chain: Chain) -> Iterator[Doubt]:
    """An `and` that takes everything before it, `or` too."""
    seen = False
    for link in chain.links:
        if link.operator == "or":
            seen = True
        elif seen:
            yield Doubt(
                f"and{_at(link.place)} joins all that stands before it, as and binds no closer "
                "than or: a or b and c is (a or b) and c",
                "put what is meant into parentheses",
            )
            return


def _pattern(match: Comparison) -> Iterator[Doubt]:
    if not isinstance(match.right, Literal) or not isinstance(match.right.value, str):
        return
    pattern, place = match.right.value, match.right.place
    star = trailing_star(pattern)
    if star:
        yield Doubt(
            f"{_quote(pattern)}{_at(place)} is a regular expression, where {star.letter}* is any "
            f"number of {star.letter}, also none: it matches all that {_quote(star.rest)} matches",
            f"leave the star out: {_quote(star.plain)}",
        )
    elif _is_part_of_a_branch(match, pattern):
        yield Doubt(
            f"{_quote(pattern)}{_at(place)} is matched anywhere in a branch's name: a branch "
            f"not-{pattern} has it too",
            f"write branch = {_quote(pattern)}, or say where it begins: {_quote('^' + pattern)}",
        )


def _is_part_of_a_branch(match: Comparison, pattern: str) -> bool:
    of_branch = isinstance(match.left, Keyword) and match.left.name == "branch"
    return match.operator == "=~" and of_branch and bool(re.fullmatch(r"[\w/-]+", pattern))


def _quote(text: str) -> str:
    return f"'{text}'"


def _at(place: str) -> str:
    return f" at {place}" if place else ""
