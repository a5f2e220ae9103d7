"""What is going to be rehearsed: a project's settings, and the plan that they make with options."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan, plan
from pytest_canary.config.settings import Settings
from pytest_canary.config.settings_file import load
from pytest_canary.preflight import ruleset


def load_settings(project: Path, file: str | None = None) -> Settings:
    """Read and check a project's settings.

    Args:
        project: the folder to look in.
        file: one that is named instead, relative to the current folder or the project.

    Raises:
        SettingsError: with every mistake, a line each: file, key, value, what is allowed.
    """
    return load(project, file, rules=ruleset.names())


def make_plan(settings: Settings, options: Options | None = None) -> Plan:
    """Decide what a run is going to do.

    Args:
        settings: the project's.
        options: what the command line says otherwise.

    Raises:
        SettingsError: settings and options don't go together, or git knows no such baseline.
    """
    return plan(settings, options or Options())
