"""The registry's Secret."""

import base64
import json
from pathlib import Path

import pytest

from pytest_canary.core.errors import ImageError
from pytest_canary.registry.client import Login
from pytest_canary.registry.pull_secret import login_secret, pull_secret


def auths(secret: dict[str, object]) -> dict[str, dict[str, str]]:
    data = secret["stringData"]
    assert isinstance(data, dict)
    found: dict[str, dict[str, str]] = json.loads(data[".dockerconfigjson"])["auths"]
    return found


@pytest.fixture
def logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker login registry.invalid:5000`, as ada."""
    auth = base64.b64encode(b"ada:enigma").decode()
    config = {"auths": {"registry.invalid:5000": {"auth": auth}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


def test_without_a_registry_the_secret_is_there_and_empty(logged_in: None) -> None:
    made = pull_secret("registry", None, None)
    assert made["metadata"] == {"name": "registry"}
    assert made["type"] == "kubernetes.io/dockerconfigjson"
    assert auths(made) == {}


def test_the_docker_commands_credentials_go_along(logged_in: None) -> None:
    made = pull_secret("registry", *["registry.invalid:5000/team"] * 2)
    assert auths(made) == {"registry.invalid:5000": {"username": "ada", "password": "enigma"}}


def test_no_other_registrys_credentials_go_along(logged_in: None) -> None:
    assert auths(pull_secret("registry", *["other.invalid/team"] * 2)) == {"other.invalid": {}}


def test_the_login_goes_along_under_the_name_that_the_nodes_know(logged_in: None) -> None:
    made = pull_secret("registry", "registry.invalid:5000/team", "registry.tools:80/team")
    assert auths(made) == {"registry.tools:80": {"username": "ada", "password": "enigma"}}


def test_one_login_is_for_several_hosts_by_the_names_that_kubernetes_has_of_them() -> None:
    made = login_secret("dockerhub", ["docker.io", "gcr.io"], Login("ada", "enigma"))
    known = {"username": "ada", "password": "enigma"}
    assert made["metadata"] == {"name": "dockerhub"}
    assert auths(made) == {"https://index.docker.io/v1/": known, "gcr.io": known}


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"credsStore": "nope"}, "docker-credential-nope not installed"),
        ([], "'list' object has no attribute 'get'"),
        ({"auths": {"registry.invalid": "x"}}, "Invalid configuration for registry"),
        ({"auths": {"registry.invalid": {"auth": "@@@"}}}, "not enough values to unpack"),
    ],
    ids=["a helper that is not installed", "a list", "a text", "no base64"],
)
def test_credentials_that_can_not_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: object, why: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(ImageError) as failure:
        pull_secret("registry", *["registry.invalid/team"] * 2)
    sentence = failure.value.sentence
    assert sentence.startswith(
        "the docker command's credentials for registry.invalid can't be read: "
    )
    assert why in sentence
    assert sentence.endswith(
        "; see that `docker login registry.invalid` works, and what $DOCKER_CONFIG or "
        "~/.docker/config.json says"
    )
