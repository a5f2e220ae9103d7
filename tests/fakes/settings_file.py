"""A project's canary.toml, read: its settings, or the mistakes in it."""

from pathlib import Path
from typing import Any

import pytest

from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.findings import Level

RULES: dict[str, Level] = {"missing-secret": "error", "latest-image": "warning"}
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {}\nspec: {{}}\n"


def loaded(project: Path, text: str) -> Any:
    """What a canary.toml with this text sets."""
    (project / "canary.toml").write_text(text)
    return load(project, rules=RULES)


def mistakes(project: Path, text: str) -> list[str]:
    """What is wrong in a canary.toml with this text."""
    with pytest.raises(SettingsError) as wrong:
        loaded(project, text)
    return str(wrong.value).splitlines()
