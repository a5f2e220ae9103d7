"""What a kustomization makes, by a program in kubectl's place that says what the real one says.

`tests/acceptance/engine/test_kustomize.py` has the real one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.manifest_sets import DEPLOYMENT, SERVICE, planned

from pytest_canary.core.errors import ReleaseError, SettingsError
from pytest_canary.rendering.kustomize import build_objects
from pytest_canary.rendering.object_set import ObjectSet
from pytest_canary.rendering.renderers import renderer_of

ORIGIN = """  annotations:
    kept: "yes"
    config.kubernetes.io/origin: |
      {}
"""
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-b9t2424hkf\n"


def kubectl(folder: Path, script: str) -> Path:
    """A program that does this."""
    path = folder / "kubectl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def with_origin(text: str, origin: str) -> str:
    """An object that says where it comes from."""
    return text.replace("metadata:\n  name", f"metadata:\n{ORIGIN.format(origin)}  name", 1)


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A kustomization whose base has two objects in a file."""
    for name in ("base", "live"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text("resources: []\n")
    (tmp_path / "base" / "all.yml").write_text(f"# ours\n{SERVICE}---\n{DEPLOYMENT}")
    return tmp_path / "live"


def built(overlay: Path, *texts: str) -> ObjectSet:
    """What kubectl makes, where it says this of a kustomization."""
    said = overlay.parent / "said"
    said.write_text("---\n".join(texts))
    script = f'cat "$2/kustomization.yaml" >{overlay.parent}/asked; cat {said}'
    return build_objects(overlay, overlay.parent, kubectl(overlay.parent, script))


def test_each_object_has_the_lines_of_its_own_file(overlay: Path) -> None:
    base = f"path: {overlay.parent}/base/all.yml"
    deployment = with_origin(DEPLOYMENT.replace("name: shop\nspec", "name: live-shop\nspec"), base)
    objects = built(overlay, with_origin(SERVICE, base), deployment.replace("s: 5", "s: 7"))
    service, made = objects.parsed.documents
    assert (service.kind, made.name, made.at("spec", "replicas")) == ("Service", "live-shop", 7)
    where = made.source.where(made.line("spec", "replicas"))
    assert where == "base/all.yml:17"
    assert made.source.line(17) == "  replicas: 5"
    assert service.source.where(service.line("spec", "type")) == "base/all.yml:7"
    assert made.at("metadata", "annotations") == {"kept": "yes"}


@pytest.mark.parametrize(
    "origin",
    [
        "configuredIn: x/kustomization.yaml",
        "path: a.yml\n      repo: https://git.invalid",
        "path: b",
        "[",
    ],
    ids=["generated", "fetched", "gone", "unreadable"],
)
def test_what_is_in_no_file_here_is_the_kustomizations(overlay: Path, origin: str) -> None:
    objects = built(overlay, with_origin(SETTINGS, origin))
    (made,) = objects.parsed.documents
    assert made.source.where(made.line("data")) == "live/kustomization.yaml:1"
    assert objects.source.shown == "live/kustomization.yaml"


def test_it_is_asked_from_outside_of_the_project(overlay: Path) -> None:
    before = sorted(overlay.rglob("*"))
    built(overlay, SERVICE)
    asked = json.loads((overlay.parent / "asked").read_text())
    assert asked["buildMetadata"] == ["originAnnotations"]
    (resource,) = asked["resources"]
    assert not Path(resource).is_absolute(), "Kustomize refuses it"
    assert resource.endswith(f"{overlay.parent.name}/live")
    assert sorted(overlay.rglob("*")) == before


def test_what_kubectl_says_is_told(overlay: Path) -> None:
    said = "error: accumulating resources: accumulating from '../base': no such file"
    program = kubectl(overlay.parent, f'echo "{said}" >&2; exit 1')
    with pytest.raises(ReleaseError) as wrong:
        build_objects(overlay, overlay.parent, program)
    assert wrong.value.sentence == (
        "live can't be rendered: `kubectl kustomize` exited with code 1: no such file; see "
        "`kubectl kustomize live`"
    )
    assert said in wrong.value.evidence


def test_without_kubectl_it_can_not_be_made(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(overlay))
    (overlay.parent / "Dockerfile").touch()
    with pytest.raises(SettingsError) as wrong:
        planned(overlay.parent, manifests={"path": "live"})
    assert str(wrong.value) == (
        "canary.toml: live can't be rendered: there is no kubectl on PATH; install kubectl, or "
        "name it: --kind-kubectl-bin"
    )


def test_what_it_makes_becomes_two_tracks(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = overlay.parent
    (root / "Dockerfile").touch()
    (root / "said").write_text(f"{SERVICE}---\n{DEPLOYMENT}")
    monkeypatch.setenv("PATH", f"{root}:/usr/bin:/bin")
    kubectl(root, f"cat {root}/said")
    plan = planned(root, manifests={"path": "live"})
    assert (plan.settings.name, plan.settings.service_name) == ("shop", "shop")
    assert plan.settings.files.renderer == "kustomize"
    assert [each.kind for each in renderer_of(plan, root).shared_objects("").documents] == [
        "Service"
    ]
