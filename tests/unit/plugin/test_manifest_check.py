"""What a check brings to its one stage."""

from pathlib import Path

import pytest

from pytest_canary.config.plan import Plan
from pytest_canary.plugin import manifest_check
from pytest_canary.plugin.manifest_check import ManifestCheck
from pytest_canary.preflight.inspection import Inspection


def test_manifests_are_inspected_once(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Plan, Path]] = []

    def inspect(plan: Plan, root: Path) -> Inspection:
        asked.append((plan, root))
        return Inspection(findings=())

    monkeypatch.setattr(manifest_check, "inspect", inspect)
    check = ManifestCheck(plan, tmp_path)
    assert not check.entered("preflight")
    check.enter("preflight")
    check.enter("preflight")
    assert check.entered("preflight")
    assert not check.entered("automatic rollback")
    assert asked == [(plan, tmp_path)]


def test_notes_are_kept_by_stage(plan: Plan, tmp_path: Path) -> None:
    check = ManifestCheck(plan, tmp_path)
    check.note("preflight", "Kubernetes 1.35")
    check.note("preflight", "latest-image is silenced")
    assert check.notes == {"preflight": ["Kubernetes 1.35", "latest-image is silenced"]}
