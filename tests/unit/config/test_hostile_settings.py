"""Settings that nobody means: each is taken, or told as wrong; none ends in a traceback, ever."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from fakes.hostile import TOML, altered, spoilt
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.api.client import Api
from pytest_canary.config import toml_file
from pytest_canary.config.settings import Settings, Tables
from pytest_canary.config.settings_file import check, load
from pytest_canary.core.errors import ApiError, SettingsError
from pytest_canary.core.processes import Processes
from pytest_canary.traffic.sender import Prepared

ALL: dict[str, Any] = {
    "name": "shop",
    "baseline": "git:v1.4",
    "image": {"context": ".", "dockerfile": "Dockerfile", "build-args": {"RELEASE": "2"}},
    "manifests": {"apply": "./apply.sh", "service": "manifests/service.yml"},
    "replicas": {"canary": 1, "stable": 3, "stable-during-canary": 2},
    "commands": {"ping": ["npm", "run", "ping"], "migrate": [], "down": ["x"]},
    "environment": {"PORT": "3000", "MODE": "x"},
    "database": {"image": "postgres:17", "lock-limit": 2.0, "name": "app", "user": "app"},
    "findings": {"latest-image": {"level": "off", "why": "ours"}},
    "promotion": {"branches": ["master"], "tags": ["^hotfix"]},
    "traffic": {"rate": 30, "writes": 0.1, "slow": 1},
    "verdict": {
        "seconds": 40,
        "rate": 75,
        "confidence": 0.9,
        "errors": 0.1,
        "latency": 1,
        "memory": 0.5,
    },
    "deadlines": {"cluster": 300, "image": 900, "rollout": 120, "command": 120, "request": 10},
    "api": {
        "version-header": "X-V",
        "metrics": "/metrics",
        "write": {
            "method": "POST",
            "path": "/{unique}",
            "json": {"a": ["{unique}"]},
            "headers": {"X-Tenant": "1"},
            "status": 201,
        },
        "read": {"method": "GET", "path": "/", "contains": "x"},
        "checks": [{"method": "PUT", "path": "/p", "form": {"a": "b"}}],
    },
}
TEXT = """name = "shop"
[image]
build-args = { RELEASE = "2" }
[replicas]
stable = 3
[environment]
PORT = "3000"
[[api.checks]]
method = "GET"
path = "/"
json = { at = 1 }
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "manifests").mkdir()
    for name in ("Dockerfile", "apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (root / name).touch()
    return root


def use(settings: Settings) -> None:
    """Do what a walk does a minute later, as far as nobody answers."""
    api = Api("http://127.0.0.1:9", settings.api, 5)
    for request in (settings.api.write, settings.api.read, *settings.api.checks):
        Prepared.of("http://127.0.0.1:9", request)
        with pytest.raises(ApiError, match="got no answer"):
            api.send(request, "canary0123")
    json.dumps(settings.model_dump(mode="json", include=set(Tables.model_fields)))


def told(error: SettingsError) -> None:
    """What is wrong is one line a mistake, none of them without end."""
    lines = str(error).splitlines()
    assert 0 < len(lines) < 80
    assert all(len(line) < 2000 for line in lines), lines


@given(table=altered(ALL, TOML))
def test_a_table_of_anything_is_taken_or_told(project: Path, table: Any) -> None:
    try:
        settings = check(table if isinstance(table, dict) else {"x": table}, project, "canary.toml")
    except SettingsError as error:
        told(error)
    else:
        use(settings)


@given(text=spoilt(TEXT) | st.text(max_size=60) | st.binary(max_size=60))
def test_a_file_of_anything_is_taken_or_told(project: Path, text: str | bytes) -> None:
    content = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    for name in ("canary.toml", "pyproject.toml"):
        (project / name).write_bytes(content)
        try:
            load(project)
        except SettingsError as error:
            told(error)
        finally:
            (project / name).unlink()


@given(words=st.lists(st.text(max_size=8), max_size=3))
def test_an_environment_that_is_taken_can_be_given_to_a_command(
    project: Path, words: list[str]
) -> None:
    environment = {f"X{number}": word for number, word in enumerate(words)}
    try:
        settings = check({"environment": environment}, project, "canary.toml")
    except SettingsError:
        return
    Processes().run(["true"], timeout=20, env=os.environ | settings.environment)


def test_a_number_of_thousands_of_digits_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(f"a = {'1' * 5000}")
    with pytest.raises(SettingsError, match=r"x\.toml is not valid TOML"):
        toml_file.parse(tmp_path / "x.toml")
