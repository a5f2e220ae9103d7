"""What makes the baseline's objects, of its own files in git; by programs in the tools' places.

`tests/acceptance/engine` has the real ones.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.helm import asked, chart
from fakes.manifest_sets import DEPLOYMENT, SERVICE, one, planned, project
from fakes.repository import into_git
from fakes.repository import own_git as own_git

from pytest_canary.core.errors import ReleaseError
from pytest_canary.core.measuring import Kind
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.documents import Document
from pytest_canary.manifests.rendered import Given
from pytest_canary.preflight.reading import asked_of
from pytest_canary.rendering.candidate import render_candidate
from pytest_canary.rendering.committed import MOST_FILES, committed_baseline

STABLE = Given("shop-stable", 3, "shop:1", {})

# What a kustomization beside its base is made of, without a word of where that is from.
KUBECTL = r"""#!/bin/sh
folder=$2/$(sed -n 's/.*"resources": \["\([^"]*\)".*/\1/p' "$2/kustomization.yaml")
cat "$folder/../../base/all.yml"
"""


def made(root: Path, told_from: Path | None = None, **more: Any) -> list[Document]:
    """What v1 makes of both tracks' own, and of stable's."""
    plan = planned(root, baseline="git:v1", **more)
    assert plan.baseline.commit
    with committed_baseline(plan, plan.baseline.commit, told_from or root, Processes()) as found:
        renderer = found.renderer
        documents = (
            renderer.shared_objects("shop:1").documents + renderer.render(STABLE).parsed.documents
        )
        return found.trace(documents)


@pytest.fixture
def kustomized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An overlay whose base is elsewhere, and a program in kubectl's place."""
    for name, resource in (("overlays/live", "../../base/"), ("base", "all.yml")):
        folder = tmp_path / "deploy" / name
        folder.mkdir(parents=True)
        (folder / "kustomization.yaml").write_text(f"resources: [{resource}]\n")
    (tmp_path / "deploy" / "base" / "all.yml").write_text(f"{SERVICE}---\n{DEPLOYMENT}")
    (tmp_path / "Dockerfile").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    return tmp_path


def test_objects_are_those_of_the_commit_and_told_as_its(tmp_path: Path) -> None:
    root = project(tmp_path, SERVICE, DEPLOYMENT)
    into_git(root, "v1")
    project(tmp_path, SERVICE.replace("port: 80", "port: 8080"), DEPLOYMENT)
    service, deployment = made(root)
    assert service.at("spec", "ports", 0, "port") == 80
    assert deployment.name == "shop-stable"
    assert deployment.source.where(deployment.line("spec", "replicas")) == "v1:k8s/all.yml:16"
    assert deployment.source.path == root / "k8s" / "all.yml"
    assert deployment.source.revision == "v1"


def test_a_project_in_a_repositorys_folder_is_told_from_where_pytest_is(tmp_path: Path) -> None:
    root = project(tmp_path / "shop", SERVICE, DEPLOYMENT)
    into_git(tmp_path, "v1")
    (document, _) = made(root, told_from=tmp_path)
    assert document.source.shown == "v1:shop/k8s/all.yml"
    assert document.source.path == root / "k8s" / "all.yml"


def test_what_a_commit_does_not_have_is_the_candidates(tmp_path: Path) -> None:
    into_git(project(tmp_path), "v1")
    root = project(tmp_path, SERVICE, DEPLOYMENT)
    assert {each.source.shown for each in made(root)} == {"k8s/all.yml"}


def test_a_base_that_is_elsewhere_comes_along(kustomized: Path) -> None:
    into_git(kustomized, "v1")
    (kustomized / "deploy" / "base" / "all.yml").write_text(DEPLOYMENT)
    documents = made(kustomized)
    assert one(documents, "Service").source.shown == "v1:deploy/overlays/live/kustomization.yaml"


def test_what_can_not_be_rendered_is_said(kustomized: Path) -> None:
    manifest = kustomized / "deploy" / "base" / "all.yml"
    manifest.rename(kustomized / "all.yml")
    into_git(kustomized, "v1")
    (kustomized / "all.yml").rename(manifest)
    with pytest.raises(ReleaseError, match="deploy/overlays/live can't be rendered: `kubectl ku"):
        made(kustomized)


def test_too_many_files_are_left_in_git(tmp_path: Path) -> None:
    root = project(tmp_path, SERVICE, DEPLOYMENT)
    for number in range(MOST_FILES):
        (root / "k8s" / f"{number}.txt").touch()
    into_git(root, "v1")
    with pytest.raises(
        ReleaseError, match="its manifests come with 1001 files, which are too many"
    ):
        made(root)


def test_a_chart_comes_with_its_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    root = chart(tmp_path)
    (root / "live.yaml").write_text("port: 80\n")
    into_git(root, "v1")
    service, deployment = made(root, manifests={"path": "chart", "values": ["live.yaml"]})
    assert service.source.shown == "v1:chart/templates/service.yaml"
    assert deployment.name == "shop-stable"
    (values,) = {word for word in asked(root)[-1].split() if word.endswith("/live.yaml")}
    assert not Path(values).is_relative_to(root), "the commit's own"


def test_a_link_is_what_it_leads_to(tmp_path: Path) -> None:
    root = project(tmp_path, SERVICE, DEPLOYMENT)
    (root / "k8s" / "all.yml").rename(root / "all.yml")
    (root / "k8s" / "all.yml").symlink_to("../all.yml")
    into_git(root, "v1")
    plan = planned(root, baseline="git:v1")
    assert plan.baseline.commit
    with committed_baseline(plan, plan.baseline.commit, root, Processes()) as found:
        given = replace(STABLE, deployment="shop-canary")
        assert found.renderer.render(given).deployment("shop-canary")
        assert not (found.top / "k8s" / "all.yml").is_symlink()
    assert not found.top.exists()


def test_what_renders_both_versions_and_git_are_commands_of_the_runs(kustomized: Path) -> None:
    into_git(kustomized, "v1")
    base = kustomized / "deploy" / "base" / "all.yml"
    base.write_text(base.read_text().replace("port: 80", "port: 8080"))
    ran: list[str] = []

    def measure(kind: Kind, name: str) -> AbstractContextManager[None]:
        ran.extend([name] if kind == "command" else [])
        return nullcontext()

    plan = planned(kustomized, baseline="git:v1", manifests={"path": "deploy/overlays/live"})
    found = render_candidate(plan, kustomized, asked_of(plan), Processes(measure=measure))
    assert found.live
    assert found.live.source.revision == "v1"
    assert ran.count("kubectl kustomize") == 2, "of this version, and of the live one"
    assert set(ran) == {"kubectl kustomize", "git"}
