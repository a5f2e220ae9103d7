"""What pytest does not promise to keep is used in one module, as its tests expect it."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

import pytest_canary
from pytest_canary.plugin import pytest_internals
from pytest_canary.plugin.pytest_internals import (
    failure_message,
    fixture_modules,
    is_expected_failure,
    screen,
)

PACKAGE = Path(pytest_canary.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
INTERNALS = PACKAGE / "plugin" / "pytest_internals.py"


def imported(path: Path) -> set[str]:
    """The packages that a module imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def test_no_other_module_imports_what_is_private_to_pytest() -> None:
    assert [path for path in MODULES if "_pytest" in imported(path)] == [INTERNALS]


def test_no_other_module_of_the_plugin_reaches_into_another_objects_privates() -> None:
    reached = [
        f"{path.name}: {ast.unparse(node)}"
        for path in INTERNALS.parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and ast.unparse(node.value) not in ("self", "cls")
    ]
    assert {line.split(":")[0] for line in reached} == {"pytest_internals.py"}


def test_no_module_asks_whether_something_has_an_attribute() -> None:
    asked = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id == "hasattr"
    ]
    assert asked == []


@pytest.mark.parametrize("marked", [False, True])
def test_a_test_that_may_fail_is_known_by_its_report(
    pytester: pytest.Pytester, marked: bool
) -> None:
    item = pytester.getitem("def test_it(): assert False", "test_it")
    if marked:
        item.add_marker(pytest.mark.xfail)
    reports = runtestprotocol(item, log=False)
    assert [is_expected_failure(each) for each in reports] == [False, marked, False]


def test_a_failure_that_says_nothing_is_said_to() -> None:
    report: Any = SimpleNamespace(longrepr="")
    assert failure_message(report) == "it says nothing"


def test_fixtures_are_told_with_the_module_that_defines_them(pytester: pytest.Pytester) -> None:
    item = pytester.getitem(
        """
        import pytest
        @pytest.fixture
        def ours(tmp_path): pass
        def test_it(ours, monkeypatch): pass
        """,
        "test_it",
    )
    found = fixture_modules(item)
    assert found["monkeypatch"] == "_pytest.monkeypatch"
    assert found["tmp_path"] == "_pytest.tmpdir"
    assert found["ours"] == item.module.__name__  # type: ignore[attr-defined]
    # In the order in which the test names them.
    assert [name for name in found if name in ("monkeypatch", "ours")] == ["ours", "monkeypatch"]
    node: Any = object()
    assert fixture_modules(node) == {}


def test_the_terminal_is_written_to_as_pytest_does(pytester: pytest.Pytester) -> None:
    shown = screen(pytester.parseconfigure())
    assert shown
    assert not shown.verbose
    before = shown.column
    shown.write("four")
    assert shown.column == before + 4
    shown.end_line()
    shown.write_line("a line")
    assert shown.column == 0


def test_without_a_terminal_there_is_no_screen(pytester: pytest.Pytester) -> None:
    assert screen(pytester.parseconfigure("-p", "no:terminal")) is None


def test_a_suites_property_needs_a_file_to_go_to(pytester: pytest.Pytester) -> None:
    pytest_internals.add_suite_property(pytester.parseconfigure(), "canary.run", "a1b2c3")


def test_names_stay_whatever_secret_is_called_the_same(pytester: pytest.Pytester) -> None:
    def hide(text: str) -> str:
        return text.replace("canary", "********")

    report: Any = pytest.TestReport(
        "canary/canary::it holds",
        ("canary/canary", 0, "it holds"),
        {},
        "skipped",
        ("canary/canary", 1, "Skipped: the canary failed"),
        "call",
        sections=[("Captured canary", "a canary")],
        user_properties=[("canary.stage", "canary"), ("canary.figures", "1 canary")],
    )
    pytest_internals.redact_report(report, hide)
    assert report.longrepr == ("canary/canary", 1, "Skipped: the ******** failed")
    assert report.sections == [("Captured canary", "a ********")]
    assert report.user_properties == [("canary.stage", "canary"), ("canary.figures", "1 ********")]
    shown = screen(pytester.parseconfigure(), hide)
    assert shown
    before = shown.column
    shown.write("a canary", ours="canary/canary")
    assert shown.column == before + len("canary/canarya ********")
