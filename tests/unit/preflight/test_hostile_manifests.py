"""Manifests, templates and scripts that nobody means: what is wrong with them is a finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.folders import ROOT
from fakes.hostile import SNIPPETS, VALUES, YAML, altered, spoilt
from fakes.manifest_sets import planned, project
from fakes.preflight import NODE, healthy, inspected
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.context.inspecting import inspection_of
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.references import pull_secrets
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.templates import Script, render
from pytest_canary.rendering.renderers import renderer_of

BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  minAvailable: 1
  selector:
    matchLabels: {app: shop}
    matchExpressions: [{key: app, operator: In, values: [shop]}]
"""
DEPLOYMENT, SERVICE = healthy("deployment"), healthy("service")
OBJECTS = {
    "deployment": yaml.safe_load(DEPLOYMENT),
    "service": yaml.safe_load(SERVICE),
    "budget": yaml.safe_load(BUDGET),
}
SCRIPT = (ROOT / "apply.sh").read_text()
GIVEN = Given("shop-canary", 1, "shop:1", {"PORT": "3000"})
SCRIPTS = (SCRIPT, "envsubst <$1", "sed 's|$name|$2|;s/IMAGE/$4/g'", 'eval "cat $1"', "helm x")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


def look(folder: Path, deployment: str, service: str, script: str = SCRIPT) -> None:
    """Look at them; each finding is a line that one can read."""
    try:
        found = inspected(folder, deployment=deployment, service=service, apply=script)
    except SettingsError:
        return
    for each in found.findings:
        assert each.sentence
        assert each.where
        assert len(each.evidence) < 200


def dumped(value: Any) -> str:
    try:
        return yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True)
    except UnicodeEncodeError:
        return "x: 1"  # half a character, which no file holds


@given(objects=altered(OBJECTS, VALUES.map(lambda value: value)))
def test_objects_of_anything_are_looked_at(folder: Path, objects: Any) -> None:
    texts = {
        name: dumped(objects[name]) if isinstance(objects, dict) and name in objects else "x: 1"
        for name in OBJECTS
    }
    look(folder, f"{texts['deployment']}---\n{texts['budget']}", texts["service"])


@given(deployment=spoilt(DEPLOYMENT), service=spoilt(SERVICE), script=spoilt(SCRIPT))
def test_texts_of_anything_are_looked_at(
    folder: Path, deployment: str, service: str, script: str
) -> None:
    safe = [each.replace("\ud83d", "") for each in (deployment, service, script)]
    look(folder, *safe)


@given(objects=altered(OBJECTS, VALUES.map(lambda value: value)))
def test_objects_of_anything_become_two_tracks(folder: Path, objects: Any) -> None:
    """Without a script, that they are applied is not to fail on them, but the API server."""
    listed = objects if isinstance(objects, dict) else {}
    root = project(folder, *(dumped(listed.get(name, "x: 1")) for name in OBJECTS))
    try:
        plan = planned(root, manifests={"path": "k8s"})
    except SettingsError:
        return
    found = inspection_of(plan, root, Processes(), NODE)
    assert all(each.sentence and each.where for each in found.findings)
    renderer = renderer_of(plan, root)
    for command in (renderer.apply(GIVEN), renderer.apply_shared("shop:1")):
        assert command
        assert command.stdin
    assert renderer.fingerprint()
    assert isinstance(renderer.pull_secrets(), set)


@given(text=st.text(YAML, max_size=80) | st.lists(st.sampled_from(SNIPPETS)).map("\n".join))
def test_any_text_is_read_as_yaml_or_told(text: str) -> None:
    found = parse(Source(Path("x.yml"), "x.yml", text))
    assert found.documents or found.faults
    assert all(fault.line >= 1 for fault in found.faults)
    pull_secrets(text)


@given(
    text=st.text("${}ABimg%<>@{}|: \n#'\"", max_size=80),
    script=st.sampled_from(SCRIPTS) | st.text("${}ABimgs/|sed=1234 '\"", max_size=60),
)
def test_any_template_is_filled_in_by_any_script(text: str, script: str) -> None:
    template = render(Source(Path("x.yml"), "x.yml", text), Script("apply.sh", script), GIVEN)
    assert len(template.filled.origin) == template.filled.text.count("\n") + 1
