"""What a value of a pipeline file may be: shapes of values, and what does not fit them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.evaluation import expect_known
from pytest_canary.conditions.parser import parse
from pytest_canary.conditions.patterns import expect_pattern
from pytest_canary.conditions.tree import (
    KEYWORDS,
    REFS,
    Call,
    Comparison,
    Expression,
    Literal,
    parts,
)
from pytest_canary.core.wording import cut, did_you_mean
from pytest_canary.pipelines.values import Place

# Letters that are shown of a wrong value.
SHOWN = 60


@dataclass(frozen=True)
class Misfit:
    """What is wrong at a place, and what is allowed."""

    place: Place
    problem: str


@dataclass(frozen=True)
class Text:
    """A text; of at least so many characters, or one of these.

    Attributes:
        computed: whether it stands for a value that an expression `%{{…}}` comes to.
    """

    least: int = 0
    among: tuple[str, ...] = ()
    computed: bool = False
    noun = "a text"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it."""
        if not isinstance(value, str):
            quotes = f"; write '{value}'" if isinstance(value, int | float) else ""
            yield Misfit(place, f"a text, not {describe(value)}{quotes}")
        elif self.among and value not in self.among:
            yield Misfit(place, f"{' or '.join(self.among)}, not {describe(value)}")
        elif len(value) < self.least:
            yield Misfit(place, "must not be empty")
        elif self.computed and "{{" not in value:
            yield Misfit(
                place, f"an expression %{{{{…}}}}, where it is a text, not {describe(value)}"
            )


@dataclass(frozen=True)
class Condition:
    """A condition; in a promotion it may ask for the result."""

    in_promotion: bool = False
    noun = "a condition"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it."""
        if not value:
            yield Misfit(place, "must not be empty")
        elif "${{" not in value:  # a parameter's text is put in beforehand
            known = KEYWORDS if self.in_promotion else REFS
            try:
                expression = parse(value)
                expect_known(expression, dict.fromkeys(known), {"change_in": lambda *_: True})
                for part in parts(expression):
                    _expect_usable(part)
            except ConditionError as error:
                yield Misfit(place, str(error))


def _expect_usable(part: Expression) -> None:
    """Return where Semaphore can evaluate this part of a condition.

    Raises:
        ConditionError: it can't: a pattern is none, or a function lacks what it is called with.
    """
    if isinstance(part, Call) and len(part.arguments) not in (1, 2):
        problem = f"{part.name} at {part.place} takes a path or a list of them, and its settings"
        raise ConditionError("syntax", problem)
    if isinstance(part, Comparison) and part.is_match and isinstance(part.right, Literal):
        pattern = part.right.value
        if isinstance(pattern, str):
            expect_pattern(pattern, part.right.place)


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    least: int | None = None
    most: int | None = None
    noun = "a whole number"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it."""
        bounds = f" from {self.least}" if self.least is not None else ""
        bounds += f" to {self.most}" if self.most is not None else ""
        right = isinstance(value, int) and not isinstance(value, bool)
        if not right or not (self.least or 0) <= value <= (self.most or value):
            yield Misfit(place, f"a whole number{bounds}, not {describe(value)}")


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    noun = "true or false"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it."""
        if not isinstance(value, bool):
            yield Misfit(place, f"true or false, not {describe(value)}")


@dataclass(frozen=True)
class Anything:
    """What nobody here looks at."""

    noun = "anything"

    def misfits(self, _value: Any, _place: Place) -> Iterator[Misfit]:
        """Nothing is wrong with it."""
        yield from ()


@dataclass(frozen=True)
class Scalar:
    """A value that becomes a text."""

    noun = "a text or a number"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it."""
        if isinstance(value, dict | list):
            yield Misfit(place, f"{self.noun}, not {describe(value)}")


@dataclass(frozen=True)
class Several:
    """A list."""

    of: Shape
    least: int = 0
    most: int | None = None
    noun = "a list"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it, and with what it lists."""
        if not isinstance(value, list):
            yield Misfit(place, f"a list, not {describe(value)}")
            return
        if len(value) < self.least:
            yield Misfit(place, "must not be empty")
        if self.most is not None and len(value) > self.most:
            yield Misfit(place, f"a list of {self.most:,} at most, and has {len(value):,}")
        for number, each in enumerate(value):
            yield from self.of.misfits(each, (*place, number))


@dataclass(frozen=True)
class Table:
    """A table with these keys and no others.

    Attributes:
        required: the keys that must be there.
        one_of: of these, exactly one must.
        some_of: of these, one or more.
        at_most_one: of these, none or one.
    """

    keys: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    some_of: tuple[str, ...] = ()
    at_most_one: tuple[str, ...] = ()
    noun = "a table"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it, and with what it holds."""
        if not isinstance(value, dict):
            yield Misfit(place, f"a table, not {describe(value)}")
            return
        for key, each in value.items():
            if key in self.keys:
                yield from self.keys[key].misfits(each, (*place, key))
            else:
                there = f"there are {', '.join(self.keys)}"
                hint = did_you_mean(key, list(self.keys), otherwise=there)
                yield Misfit((*place, cut(key, SHOWN)), f"no such key; {hint}")
        for key in self.required:
            if key not in value:
                yield Misfit(place, f"has no {key}")
        yield from self._groups(value, place)

    def _groups(self, value: dict[str, Any], place: Place) -> Iterator[Misfit]:
        for group, most in ((self.one_of, 1), (self.some_of, len(self.some_of))):
            if group and not any(key in value for key in group):
                yield Misfit(place, f"has no {' and no '.join(group)}")
            yield from _too_many(group, most, value, place)
        yield from _too_many(self.at_most_one, 1, value, place)


def _too_many(
    group: tuple[str, ...], most: int, value: dict[str, Any], place: Place
) -> Iterator[Misfit]:
    given = [key for key in value if key in group]
    if len(given) > most:
        yield Misfit((*place, given[1]), f"goes without {given[0]}")


@dataclass(frozen=True)
class Variables:
    """A table whose keys are the variables that get a value; one of these each."""

    of: Shape
    reserved: str = ""
    noun = "a table"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it, and with what it holds."""
        if not isinstance(value, dict):
            yield Misfit(place, f"a table, not {describe(value)}")
            return
        for key, each in value.items():
            at = (*place, cut(key, SHOWN))
            if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", key):
                yield Misfit(at, "a variable's name in capitals, digits and _")
            elif key == self.reserved:
                yield Misfit(at, "Semaphore sets it itself; choose another name")
            yield from self.of.misfits(each, (*place, key))


@dataclass(frozen=True)
class Entries:
    """A table whose keys are its writer's, each with a value of this shape."""

    of: Shape
    keys: str = r".+"
    called: str = "a name"
    noun = "a table"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it, and with what it holds."""
        if not isinstance(value, dict):
            yield Misfit(place, f"a table, not {describe(value)}")
            return
        for key, each in value.items():
            if not re.fullmatch(self.keys, key):
                yield Misfit((*place, cut(key, SHOWN)), self.called)
            yield from self.of.misfits(each, (*place, key))


@dataclass(frozen=True)
class Either:
    """One of several shapes, by the type of the value."""

    shapes: Mapping[type, Shape]
    noun: str = field(default="", init=False)

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it, as the shape that its type has."""
        shape = self.shapes.get(type(value))
        if shape:
            yield from shape.misfits(value, place)
        else:
            nouns = " or ".join(each.noun for each in self.shapes.values())
            yield Misfit(place, f"{nouns}, not {describe(value)}")


@dataclass(frozen=True)
class ByKeys:
    """A table that is one of two, by whether it has any of the first one's keys."""

    first: Table
    second: Table
    noun = "a table"

    def misfits(self, value: Any, place: Place) -> Iterator[Misfit]:
        """What is wrong with it, as the one of the two that it is."""
        is_first = isinstance(value, dict) and any(key in self.first.keys for key in value)
        yield from (self.first if is_first else self.second).misfits(value, place)


Shape = (
    Text
    | Condition
    | Whole
    | Boolean
    | Anything
    | Scalar
    | Several
    | Table
    | Variables
    | Entries
    | Either
    | ByKeys
)


def describe(value: Any) -> str:
    """A wrong value, as its reader knows it from YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return cut(repr(value) if isinstance(value, str) else str(value), SHOWN)
