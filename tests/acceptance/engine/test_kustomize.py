"""What the real kubectl makes of a kustomization; neither engine nor cluster is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance.examples import checked, copied
from fakes.repository import commit, into_git

from pytest_canary.core.errors import ReleaseError
from pytest_canary.rendering.kustomize import build_objects

LIVE = "deploy/overlays/live"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The bundled addressbook, by Kustomize."""
    return copied("addressbook-kustomize", tmp_path)


def test_objects_are_made_with_the_places_that_they_come_from(example: Path) -> None:
    objects = build_objects(example / LIVE, example).parsed.documents
    settings, service, deployment = objects
    assert deployment.name == "live-addressbook"
    assert deployment.at("spec", "replicas") == 5
    assert deployment.at("metadata", "annotations") is None
    where = deployment.source.where(deployment.line("spec", "replicas"))
    assert where == "deploy/base/deployment.yml:8"
    assert service.source.shown == "deploy/base/service.yml"
    assert settings.source.shown == f"{LIVE}/kustomization.yaml"
    assert settings.name.startswith("live-addressbook-")


def test_a_check_passes_and_a_fault_is_told_with_its_own_line(example: Path) -> None:
    right = checked(example)
    assert right.returncode == 0, right.stdout
    assert f"canary: nothing wrong found in {LIVE}" in right.stdout
    base = example / "deploy" / "base" / "deployment.yml"
    base.write_text(base.read_text().replace("readinessProbe", "readynessProbe"))
    wrong = checked(example)
    assert wrong.returncode == 1
    assert "seen    deploy/base/deployment.yml:38, rule unknown-field" in wrong.stdout
    assert "next    did you mean readinessProbe?" in wrong.stdout


def test_what_can_not_be_made_is_told_before_anything_starts(example: Path) -> None:
    overlay = example / LIVE / "kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("../../base", "../../bass"))
    with pytest.raises(ReleaseError, match=f"{LIVE} can't be rendered: `kubectl kustomize` exited"):
        build_objects(example / LIVE, example)
    told = checked(example)
    assert told.returncode == 4
    assert f"canary.toml: {LIVE} can't be rendered" in told.stderr
    assert sorted(example.rglob("canary-kustomize-*")) == []


def test_what_changes_since_a_tag_is_told(example: Path) -> None:
    into_git(example.parent, "v1")
    commit(example.parent)
    base = example / "deploy" / "base" / "service.yml"
    base.write_text(base.read_text().replace("port: 80\n", "port: 8080\n"))
    told = checked(example)
    assert told.returncode == 1, told.stdout
    assert "compared with git:v1 (the newest tag before HEAD)" in told.stdout
    assert "seen    deploy/base/service.yml:" in told.stdout
    assert "rule moved-address" in told.stdout
    assert "canary: 1 error, 19 of 20 checks hold" in told.stdout
