"""What is going to be rehearsed: a project's settings, and the plan that they make with options."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan, plan
from pytest_canary.config.settings import Settings
from pytest_canary.config.settings_file import load
from pytest_canary.context import rules
from pytest_canary.context.report_folder import obstacle
from pytest_canary.core.errors import SettingsError
from pytest_canary.rendering.naming import with_names


def load_settings(project: Path, file: str | None = None, kubectl: Path | None = None) -> Settings:
    """Read and check a project's settings.

    Args:
        project: the folder to look in.
        file: one that is named instead, relative to the current folder or the project.
        kubectl: the program that makes objects of a kustomization; None for the one on PATH.

    Raises:
        SettingsError: with every mistake, a line each: file, key, value, what is allowed.
    """
    return with_names(load(project, file, rules=rules.levels()), kubectl)


def make_plan(settings: Settings, options: Options | None = None) -> Plan:
    """Decide what a run is going to do.

    Args:
        settings: the project's.
        options: what the command line says otherwise.

    Raises:
        SettingsError: settings and options don't go together, git knows no such baseline, or
            nothing may be written where the report is to go.
    """
    options = options or Options()
    if not options.check:
        _see_that_report_can_go(options.report, settings.root)
    return plan(settings, options)


def _see_that_report_can_go(report: Path, root: Path) -> None:
    wrong = obstacle(report.absolute())
    if report.resolve() == root.resolve():
        wrong = "is the project itself; name a folder in it that is not there yet"
    if wrong:
        raise SettingsError(f"--canary-report={report}: {wrong}")
