"""The environment that an apply script sees."""

import os
from pathlib import Path

import pytest

from pytest_canary.manifests.version import apply_environment


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process with these variables alone."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name in ("PATH", "PORT", "DB_HOST", "KUBECONFIG", "HOME", "HELM_KUBECONTEXT"):
        monkeypatch.setenv(name, "the process's")


def test_what_is_nearer_to_the_release_comes_first(process: None) -> None:
    variables = {"PORT": "3000", "DB_HOST": "the settings'"}
    found = apply_environment(variables, {"DB_HOST": "db"}, 90.5, "file", "home")
    found.pop("PYTEST_CURRENT_TEST", None)
    assert found == {
        "ROLLOUT_TIMEOUT": "90.5s",
        "PATH": "the process's",
        "PORT": "3000",
        "DB_HOST": "db",
        "KUBECONFIG": "file",
        "HOME": "home",
    }


@pytest.mark.parametrize("value", ["5s", "1m"])
def test_the_bundled_scripts_own_deadline_gives_way(
    process: None, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ROLLOUT_TIMEOUT", value)
    assert apply_environment({}, {}, 120, "file", "home")["ROLLOUT_TIMEOUT"] == value
    declared = apply_environment({"ROLLOUT_TIMEOUT": "7s"}, {}, 120, "file", "home")
    assert declared["ROLLOUT_TIMEOUT"] == "7s"


def test_the_kubectl_of_the_run_is_found_first(process: None) -> None:
    kubectl = Path("/cache/bin/kubectl")
    path = apply_environment({"PATH": "theirs"}, {}, 120, "file", "home", kubectl)["PATH"]
    assert path == f"/cache/bin{os.pathsep}the process's"
