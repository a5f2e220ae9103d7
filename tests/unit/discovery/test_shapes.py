"""What --canary-init makes of twelve shapes of repositories, held against files that were read."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

import pytest
from fakes.folders import FIXTURES
from fakes.helm import put_helm

from pytest_canary.discovery.discovery import discover
from pytest_canary.plugin.init import problems

SHAPES = FIXTURES / "repositories"

# The errors that a check finds with the settings, by what each begins with.
WRONG = {
    "alembic": [],
    "book": [],
    "compose": ["manifests.deployment", "manifests.service", "manifests.apply"],
    "django": [],
    "flask": ["manifests.deployment", "manifests.service", "manifests.apply"],
    "go": [],
    "helm": [],
    "idea": [
        "image.dockerfile",
        "manifests.deployment",
        "manifests.service",
        "manifests.apply",
    ],
    "kustomize": [],
    "monorepo": ["manifests.service", "manifests.apply"],
    "openapi": [],
    "rails": [],
}


def test_every_shape_is_looked_at() -> None:
    folders = {each.name for each in SHAPES.iterdir() if each.is_dir()}
    assert folders == set(WRONG) == {each.stem for each in SHAPES.glob("*.toml")}
    assert len(folders) == 12


@pytest.mark.parametrize("shape", sorted(WRONG))
def test_a_shape_gets_the_settings_that_were_read(shape: str) -> None:
    golden, text = SHAPES / f"{shape}.toml", discover(SHAPES / shape).text
    if os.environ.get("CANARY_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("shape", sorted(WRONG))
def test_the_settings_pass_a_check_or_the_file_says_what_is_open(
    shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / shape
    # What the real ones make is for test_kustomize.py and test_helm.py in tests/acceptance/engine.
    programs = put_helm(tmp_path / "programs")
    (programs / "kubectl").write_text(f"#!/bin/sh\ncat {root}/base/all.yaml\n")
    (programs / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    shutil.copytree(SHAPES / shape, root)
    found = discover(root)
    tomllib.loads(found.text)
    (root / "canary.toml").write_text(found.text)
    wrong = problems(root)
    assert [each.removeprefix("canary.toml: ").split(" = ")[0] for each in wrong] == WRONG[shape]
    tables = {each.table for each in found.questions}
    assert {each.split(".")[0] for each in WRONG[shape]} <= tables


def test_looking_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "book"
    shutil.copytree(SHAPES / "book", root)
    before = {each: each.stat().st_mtime_ns for each in root.rglob("*")}
    discover(root)
    assert {each: each.stat().st_mtime_ns for each in root.rglob("*")} == before
