"""What public classes hand out: of public types, or said to be the plugin's own.

A class says so in its docstring: "The plugin's own: `journal`, `context`." Read from the source, as
many annotations name what is imported for a type checker alone.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin

import pytest

import pytest_canary
from pytest_canary import errors

OWN = re.compile(r"The plugin's own: ([^.]*)\.")
PUBLIC = {getattr(pytest_canary, name) for name in pytest_canary.__all__} | {
    getattr(errors, name) for name in errors.__all__
}
CLASSES = sorted((each for each in PUBLIC if isinstance(each, type)), key=lambda it: it.__name__)


def said_to_be_own(face: type) -> set[str]:
    """The members that a class's docstring calls the plugin's own."""
    found = OWN.search(inspect.cleandoc(vars(face).get("__doc__") or ""))
    return set(re.findall(r"`(\w+)`", found[1])) if found else set()


def members(face: type) -> dict[str, list[ast.expr]]:
    """What says of which types each public member is, or takes and returns."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(face))).body
    assert isinstance(body, ast.ClassDef)
    found: dict[str, list[ast.expr]] = {}
    for each in body.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            found[each.target.id] = [each.annotation]
        elif isinstance(each, ast.FunctionDef) and each.name == "__init__":
            found |= attributes(each)
        elif isinstance(each, ast.FunctionDef):
            found[each.name] = [*filter(None, [each.returns, *parameters(each).values()])]
    return {name: said for name, said in found.items() if not name.startswith("_")}


def parameters(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """The annotations of a function's parameters."""
    given = [*function.args.args, *function.args.kwonlyargs]
    return {each.arg: each.annotation for each in given if each.annotation}


def attributes(init: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """What says of which type each attribute is that is set when an object is made."""
    given = parameters(init)
    found: dict[str, list[ast.expr]] = {}
    for each in ast.walk(init):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Attribute):
            found[each.target.attr] = [each.annotation]
        elif isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Attribute):
            names = [name for name in ast.walk(each.value) if isinstance(name, ast.Name)]
            found[each.targets[0].attr] = [given.get(name.id, name) for name in names]
    return found


def names_in(module: ModuleType) -> dict[str, Any]:
    """What the names of a module stand for, those included that only a type checker sees."""
    found = dict(vars(module))
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("pytest_canary"):
            for alias in node.names:
                source = import_module(str(node.module))
                found[alias.asname or alias.name] = vars(source).get(alias.name)
    return found


def types_in(annotation: Any) -> Iterator[type]:
    """The classes that an annotation is made of, as it is or by another name."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        yield annotation
    # What a callable takes is a list.
    origin, arguments = get_origin(annotation), get_args(annotation)
    for part in annotation if isinstance(annotation, list) else (origin, *arguments):
        if part is not None:
            yield from types_in(part)


def private_members(face: type) -> set[str]:
    """The public members of a class that are of no public type, or take or return such."""
    names = names_in(sys.modules[face.__module__])

    def is_private(said: ast.expr) -> bool:
        used = [names.get(each.id) for each in ast.walk(said) if isinstance(each, ast.Name)]
        found = {each for name in used for each in types_in(name)} - PUBLIC
        return any(each.__module__.startswith("pytest_canary.") for each in found)

    return {name for name, told in members(face).items() if any(map(is_private, told))}


@pytest.mark.parametrize("face", CLASSES, ids=lambda it: it.__name__)
def test_a_member_of_no_public_type_is_said_to_be_the_plugins_own(face: type) -> None:
    assert private_members(face) - said_to_be_own(face) == set()


@pytest.mark.parametrize("face", CLASSES, ids=lambda it: it.__name__)
def test_what_is_said_to_be_the_plugins_own_is_there(face: type) -> None:
    assert said_to_be_own(face) - members(face).keys() == set()


def test_a_private_type_is_seen_wherever_a_class_hands_it_out() -> None:
    found = private_members(pytest_canary.Rehearsal)
    assert {"workspace", "journal", "check", "load"} <= found, "set, given, taken, by another name"
    assert not found & {"plan", "traffic", "expect", "enter"}
    assert "worst" in private_members(pytest_canary.Verdict)
