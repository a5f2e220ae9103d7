"""What is public: every name of it is there, is lazy, and is all that pages and examples use."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.folders import DOCS, ROOT, TESTS

import pytest_canary
from pytest_canary import errors
from pytest_canary.core import errors as own_errors

TYPED = ast.parse((TESTS / "typing" / "face.py").read_text())
FACE = ast.parse(Path(pytest_canary.__file__).read_text())

# The module of each name, as it stands there.
(HOMES,) = (ast.literal_eval(node) for node in ast.walk(FACE) if isinstance(node, ast.Dict))


def test_the_table_is_all_that_is_public() -> None:
    assert sorted(HOMES) == sorted(pytest_canary.__all__)
    assert len(set(pytest_canary.__all__)) == len(pytest_canary.__all__)


@pytest.mark.parametrize("name", pytest_canary.__all__)
def test_a_public_name_is_what_type_checkers_take_it_for(name: str) -> None:
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(FACE)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported[name] == f"pytest_canary.{HOMES[name]}.{name}"
    assert getattr(pytest_canary, name).__name__ == name


def test_the_typed_test_uses_every_public_name() -> None:
    used = {node.id for node in ast.walk(TYPED) if isinstance(node, ast.Name)}
    for module, public in ((pytest_canary, pytest_canary.__all__), (errors, errors.__all__)):
        imported = {
            alias.name: alias.asname or alias.name
            for node in ast.walk(TYPED)
            if isinstance(node, ast.ImportFrom) and node.module == module.__name__
            for alias in node.names
        }
        assert [name for name in public if imported.get(name) not in used] == []


def test_the_typed_test_makes_every_assertion() -> None:
    made = {
        node.func.attr
        for node in ast.walk(TYPED)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "expect"
    }
    assert made == {name for name in vars(pytest_canary.Expect) if not name.startswith("_")}


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'pytest_canary' has no attribute 'Walk'"):
        _ = pytest_canary.Walk


def test_importing_a_name_imports_no_more_than_it_needs() -> None:
    script = "import sys; from pytest_canary import Options; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    added = set(done.stdout.split())
    assert "pytest_canary.config.options" in added
    assert not added & {"docker", "kubernetes", "pydantic", "pytest", "requests", "yaml"}


def test_every_error_is_public() -> None:
    raised = {
        name
        for name, each in vars(own_errors).items()
        if isinstance(each, type) and issubclass(each, own_errors.CanaryError)
    }
    assert set(errors.__all__) == raised | {"NotApplicable"}


PUBLIC = {"pytest_canary", "pytest_canary.errors"}


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda it: it.name)
def test_an_example_uses_nothing_private(path: Path) -> None:
    used = {
        str(node.module)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("pytest_canary")
    }
    assert used <= PUBLIC


def test_the_pages_use_nothing_private() -> None:
    pages = "\n".join(path.read_text() for path in DOCS.glob("*.md"))
    blocks = re.findall(r"```python\n(.*?)```", pages, re.DOTALL)
    assert blocks
    used = {
        str(node.module)
        for block in blocks
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("pytest_canary")
    }
    assert used <= PUBLIC
