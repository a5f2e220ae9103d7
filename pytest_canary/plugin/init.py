"""`--canary-init`: settings for a repository that has none, and what could not be found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_canary.config import settings_file
from pytest_canary.config.options import Options
from pytest_canary.context.inspecting import inspection_of
from pytest_canary.context.rules import with_level
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes
from pytest_canary.core.wording import first_lines, plural
from pytest_canary.discovery.discovery import Discovery, discover
from pytest_canary.plugin import options
from pytest_canary.rehearsal.planning import load_settings, make_plan

FILE = "canary.toml"


def write_settings(config: pytest.Config) -> int:
    """Write canary.toml and tell what is open; 0, or 1 where a check finds errors with it.

    Raises:
        pytest.UsageError: there are settings already, or none can be written.
    """
    root, redact = options.project(config), Redactor().redact
    _expect_none(root)
    found = discover(root)
    try:
        with (root / FILE).open("x", encoding="utf-8") as file:
            file.write(found.text)
    except OSError as error:
        raise pytest.UsageError(f"--canary-init: {FILE} can't be written: {error}") from None
    count, open_ = plural(len(found.settings), "setting"), len(found.questions)
    print(f"canary: {FILE} is written, with {count} and {plural(open_, 'open question')}")
    if open_:
        print(redact(_format_questions(found)))
    wrong = problems(root)
    if not wrong:
        first = f"answer the {plural(open_, 'open question')}, and " if open_ else ""
        print(f"canary: it passes pytest --canary-check; {first}go on with pytest --canary")
        return pytest.ExitCode.OK
    print(f"\ncanary: it doesn't pass pytest --canary-check yet, by {plural(len(wrong), 'error')}:")
    print(redact(first_lines([f"  {each}" for each in wrong])))
    return pytest.ExitCode.TESTS_FAILED


def _expect_none(root: Path) -> None:
    """Return where there are no settings.

    Raises:
        pytest.UsageError: there are some, which are left as they are.
    """
    try:
        file = settings_file.find(root)
    except SettingsError as error:
        raise pytest.UsageError(f"--canary-init: {error}") from None
    if file:
        raise pytest.UsageError(
            f"--canary-init: {file.name} has settings already, and stays as it is; "
            "pytest --canary-check looks at what they name"
        )


def _format_questions(found: Discovery) -> str:
    return "\n".join(
        f"  {each.table or 'name':<12}{each.text}\n  {'':<12}next: {each.next}"
        for each in found.questions
    )


def problems(root: Path) -> list[str]:
    """The errors that a check finds, a line each; none where it passes."""
    try:
        plan = make_plan(load_settings(root), Options(check=True))
    except SettingsError as error:
        return str(error).splitlines()
    found = (
        with_level(each, plan.settings) for each in inspection_of(plan, root, Processes()).findings
    )
    return [f"{each.where}: {each.sentence}" for each in found if each.level == "error"]
