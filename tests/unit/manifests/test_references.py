"""The registry's Secrets."""

import base64
import json
from pathlib import Path

import pytest

from pytest_canary.manifests.references import fixed_namespace, pull_secret, pull_secrets

TEMPLATE = """
kind: Deployment
spec:
  template:
    spec:
      imagePullSecrets: {}
"""


@pytest.mark.parametrize(
    ("template", "names"),
    [
        (TEMPLATE.format("[{name: registry}, {name: other}]"), {"registry", "other"}),
        (TEMPLATE.format("[]"), set()),
        (TEMPLATE.format("registry"), set()),
        (TEMPLATE.format("[registry, {name: 3}, {}]"), set()),
        ("kind: Service\n---\n" + TEMPLATE.format("[{name: registry}]"), {"registry"}),
        ("spec: $replicas\n", set()),
        ("spec:\n  - {{ if }}\n", set()),
        ("", set()),
        ("just words", set()),
    ],
)
def test_the_secrets_that_a_template_names_are_found(template: str, names: set[str]) -> None:
    assert pull_secrets(template) == names


def test_the_bundled_template_names_its_secret() -> None:
    template = Path(__file__).parents[3] / "manifests" / "deployment.yml"
    assert pull_secrets(template.read_text()) == {"registry"}


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
    made = pull_secret("registry", None)
    assert made["metadata"] == {"name": "registry"}
    assert made["type"] == "kubernetes.io/dockerconfigjson"
    assert auths(made) == {}


def test_the_docker_commands_credentials_go_along(logged_in: None) -> None:
    made = pull_secret("registry", "registry.invalid:5000/team")
    assert auths(made) == {"registry.invalid:5000": {"username": "ada", "password": "enigma"}}


def test_no_other_registrys_credentials_go_along(logged_in: None) -> None:
    assert auths(pull_secret("registry", "other.invalid/team")) == {"other.invalid": {}}


@pytest.mark.parametrize(
    ("template", "namespace"),
    [
        ("metadata: {name: $deployment}", None),
        ("metadata: {name: x, namespace: $NAMESPACE}", None),
        ("metadata: {name: x, namespace: production}", "production"),
        ("kind: A\n---\nmetadata:\n  namespace: production\n", "production"),
        ("metadata: [", None),
        ("just a text", None),
    ],
)
def test_a_namespace_that_a_template_fixes_is_seen(template: str, namespace: str | None) -> None:
    assert fixed_namespace(template) == namespace
