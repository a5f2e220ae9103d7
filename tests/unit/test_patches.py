"""No test puts something in the place of a product's name: it is given another part instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.folders import TESTS

# What of a `World` is the product's own; the rest of it are stand-ins, which may be changed.
OWN = {"context", "journal", "rehearsal", "run"}

WAYS = {"setattr", "delattr", "setitem", "delitem", "patch", "object", "dict", "multiple"}
BY_WHOM = {"monkeypatch", "patch", "mock"}


def names_of_product(tree: ast.Module) -> set[str]:
    """What a module calls what it has of the product."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("pytest_canary"):
            found |= {each.asname or each.name for each in node.names}
        if isinstance(node, ast.Import):
            names = [each for each in node.names if each.name.startswith("pytest_canary")]
            found |= {each.asname or "pytest_canary" for each in names}
    return found


def patches(text: str) -> Iterator[str]:
    """What of the product a module's source patches, each as it stands there."""
    tree = ast.parse(text)
    own = names_of_product(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        way = ast.unparse(node.func).split(".")
        if way[-1] not in WAYS or not BY_WHOM & set(way):
            continue
        target = node.args[0]
        words = str(target.value) if isinstance(target, ast.Constant) else ast.unparse(target)
        first, _, rest = words.partition(".")
        if first in own | {"pytest_canary"} or rest.partition(".")[0] in OWN:
            yield ast.unparse(node)


@pytest.mark.parametrize(
    "line",
    [
        "monkeypatch.setattr(doomed, 'PATIENCE', 600.0)",
        "monkeypatch.setattr(Sides, 'open', note)",
        "monkeypatch.setattr('pytest_canary.delivery.doomed.PATIENCE', 600.0)",
        "monkeypatch.setitem(doomed.TABLE, 'a', 1)",
        "world.patch.setattr(world.context.release, 'canary', note)",
        "world.patch.setattr(world.run, 'remove', note)",
        "mock.patch('pytest_canary.delivery.doomed.PATIENCE', 600.0)",
        "mock.patch.object(Sides, 'open')",
    ],
)
def test_a_patch_of_the_product_is_seen(line: str) -> None:
    imports = "from pytest_canary.delivery import doomed\nfrom pytest_canary.sides import Sides\n"
    assert [*patches(imports + line)] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "monkeypatch.setattr(time, 'time', late)",
        "monkeypatch.setattr('os.access', never)",
        "monkeypatch.setenv('PATH', 'here')",
        "world.patch.setattr(world.namespace, 'scale', note)",
    ],
)
def test_a_patch_of_something_else_may_be(line: str) -> None:
    assert [*patches(line)] == []


def test_no_test_patches_the_product() -> None:
    found = {
        str(path.relative_to(TESTS)): list(patches(path.read_text()))
        for path in TESTS.rglob("*.py")
        if path != Path(__file__)
    }
    assert {path: lines for path, lines in found.items() if lines} == {}
