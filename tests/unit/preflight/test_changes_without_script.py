"""What changes between two versions whose objects a tool makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.helm import MADE, chart
from fakes.manifest_sets import DEPLOYMENT, SERVICE, project
from fakes.preflight import codes, found_in
from fakes.repository import into_git
from fakes.repository import own_git as own_git

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: features\ndata: {banner: 'on'}\n"
JOB = """apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: migrate, image: "team/shop:1.4"}]}
"""


def test_a_change_is_told_at_the_objects_own_line(tmp_path: Path) -> None:
    into_git(project(tmp_path, DEPLOYMENT, SERVICE, MAP), "v1")
    changed = DEPLOYMENT.replace("app: shop\n", "app: shop\n      tier: web\n", 1).replace(
        "        app: shop\n", "        app: shop\n        tier: web\n"
    )
    inspection = found_in(project(tmp_path, changed, SERVICE), baseline="git:v1")
    assert [f"{each.code} {each.where}" for each in inspection.findings] == [
        "immutable-field k8s/all.yml:10",
        "left-object v1:k8s/all.yml:37",
    ]
    field, left = inspection.findings
    assert field.sentence == (
        "spec.selector of Deployment shop-stable can't be changed on a live object: git:v1 has "
        "app: shop, deployment: shop-stable, and this version app: shop, tier: web, "
        "deployment: shop-stable"
    )
    assert (field.file, field.line) == (tmp_path / "k8s" / "all.yml", 10)
    assert left.evidence == "  37 |   name: features"
    assert left.line == 0
    assert "compared with git:v1 (canary.toml)" in inspection.notes


@pytest.mark.parametrize("more", [MAP, JOB], ids=["a map", "a Job that a walk leaves out"])
def test_another_image_alone_changes_nothing(tmp_path: Path, more: str) -> None:
    into_git(project(tmp_path, DEPLOYMENT, SERVICE, more), "v1")
    newer = (DEPLOYMENT.replace("shop:1.4", "shop:1.5"), SERVICE, more.replace("1.4", "1.5"))
    inspection = found_in(project(tmp_path, *newer), baseline="git:v1")
    assert inspection.findings == ()
    assert inspection.uncompared == ""


def test_what_is_no_deployment_yet_can_not_be_compared(tmp_path: Path) -> None:
    into_git(project(tmp_path, SERVICE), "v1")
    inspection = found_in(project(tmp_path, DEPLOYMENT, SERVICE), baseline="git:v1")
    assert inspection.uncompared == "v1:k8s/all.yml has no Deployment to look at"


def test_what_no_tool_makes_of_a_commit_can_not_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    root = chart(tmp_path)
    helm = (root / "bin" / "helm").read_text()
    (root / "bin" / "helm").write_text(
        helm.replace(
            "for track",
            'grep -q 2.0 "$3/Chart.yaml" || { echo "Error: oh no" >&2; exit 1; }\nfor',
            1,
        ).replace("for in", "for track in")
    )
    into_git(root, "v1")
    (root / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 2.0.0\n")
    inspection = found_in(root, baseline="git:v1")
    assert inspection.findings == ()
    assert inspection.uncompared == (
        "git:v1 can't be compared: chart can't be rendered: `helm template shop` exited with code "
        "1: oh no; see `helm template chart`"
    )


def test_what_a_chart_has_no_more_is_deleted_by_helm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    root = chart(tmp_path)
    origin = "---\n# Source: shop/templates/map.yaml\n"
    moved = MADE.replace("port: 80", "port: 8080")
    helm = (root / "bin" / "helm").read_text()
    # What is made of the commit's chart, and of the one that is there.
    (root / "bin" / "around").write_text(moved)
    (root / "bin" / "before").write_text(f"{MADE}{origin}{MAP}")
    (root / "bin" / "helm").write_text(
        helm.replace(
            f"cat {root}/bin/around\n",
            f"case $3 in {root}/*) cat {root}/bin/around;; *) cat {root}/bin/before;; esac\n",
        )
    )
    into_git(root, "v1")
    (root / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 2.0.0\n")
    assert codes(found_in(root, baseline="git:v1")) == ["moved-address"]
