"""What a team's own tests can assert: the methods of `rehearsal.expect`, by their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from generator.page import PartError, code, table
from pytest_canary import Expect


def part(face: type = Expect) -> str:
    """A row for each public method.

    Raises:
        PartError: one of them has no docstring.
    """
    return table(("assertion", "what holds", "what it is given"), _rows(face))


def _rows(face: type) -> Iterator[tuple[str, str, str]]:
    for name, method in vars(face).items():
        if not name.startswith("_"):
            yield code(f"{name}{_signature(method)}"), *_described(face, name, method)


def _signature(method: Callable[..., Any]) -> str:
    """The parameters and their defaults, without types."""
    whole = inspect.signature(method)
    bare = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in whole.parameters.values()
        if each.name != "self"
    ]
    return str(whole.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def _described(face: type, name: str, method: Callable[..., Any]) -> tuple[str, str]:
    """What a docstring says, and what it says of each parameter."""
    words = inspect.getdoc(method)
    if not words:
        raise PartError(f"{face.__module__}.{face.__name__}.{name} has no docstring")
    said, *sections = re.split(r"\n\n(?=Args:|Raises:|Returns:)", words)
    given = [each for each in sections if each.startswith("Args:")]
    arguments = [
        f"{code(argument)}: {' '.join(text.split()).rstrip('.')}"
        for section in given
        for argument, text in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    ]
    return said.replace("\n\n", " "), "; ".join(arguments)
