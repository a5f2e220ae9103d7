"""What a template says before its variables are filled in."""

import pytest
from fakes.folders import BUNDLED_TEMPLATE

from pytest_canary.manifests.references import pull_secrets

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
        ("a: 2020-02-31\n---\n" + TEMPLATE.format("[{name: registry}]"), {"registry"}),
        (TEMPLATE.format("[{name: registry}]") + "---\n" + "[" * 100_000, set()),
    ],
)
def test_the_secrets_that_a_template_names_are_found(template: str, names: set[str]) -> None:
    assert pull_secrets(template) == names


def test_the_bundled_template_names_its_secret() -> None:
    assert pull_secrets(BUNDLED_TEMPLATE.read_text()) == {"registry"}
