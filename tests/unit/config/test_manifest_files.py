"""What makes the objects of a release: what the settings say, or what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_canary.config.settings import Files
from pytest_canary.config.settings_file import check
from pytest_canary.core.errors import SettingsError

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\n"
TEMPLATE = DEPLOYMENT.replace("name: shop", "name: $deployment")
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop-lb\n"


def files(root: Path, *paths: str, **manifests: Any) -> Files:
    """What a project with these files has, by these settings."""
    for path in ("Dockerfile", *paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        text = TEMPLATE if path.endswith("template.yml") else DEPLOYMENT
        (root / path).write_text(SERVICE if "service" in path else text)
    table = {"manifests": manifests} if manifests else {}
    return check(table, root, "canary.toml").files


def found(root: Path, *paths: str, **manifests: Any) -> tuple[str, list[str]]:
    """The renderer, and what it makes objects of."""
    made = files(root, *paths, **manifests)
    return made.renderer, [str(each.relative_to(root)) for each in made.manifests]


def wrong(root: Path, *paths: str, **manifests: Any) -> str:
    """What is wrong with settings."""
    with pytest.raises(SettingsError) as error:
        files(root, *paths, **manifests)
    return str(error.value)


BOOK = ("apply.sh", "manifests/deployment.yml", "manifests/service.yml")


def test_a_script_comes_first(tmp_path: Path) -> None:
    assert found(tmp_path, *BOOK, "k8s/all.yml") == (
        "apply.sh",
        ["manifests/deployment.yml", "manifests/service.yml"],
    )


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["manifests/web.yaml"], ("yaml", ["manifests"])),
        (["deploy/a.yml", "deploy/service.yml"], ("yaml", ["deploy"])),
        (["k8s/kustomization.yaml", "k8s/web.yml"], ("kustomize", ["k8s"])),
        (["kustomization.yml", "web.yml"], ("kustomize", ["."])),
        (
            ["k8s/base/kustomization.yaml", "k8s/overlays/live/kustomization.yaml"],
            ("kustomize", ["k8s/overlays/live"]),
        ),
    ],
)
def test_what_is_there_is_recognised(
    tmp_path: Path, paths: list[str], expected: tuple[str, list[str]]
) -> None:
    assert found(tmp_path, *paths) == expected
    made = files(tmp_path)
    assert made.apply is None
    assert made.deployment == made.service == made.sources[0]


@pytest.mark.parametrize(
    "paths",
    [
        ["k8s/a.yml", "deploy/b.yml"],
        ["k8s/overlays/live/kustomization.yaml", "k8s/overlays/test/kustomization.yaml"],
        ["k8s/template.yml"],
        ["k8s/service.yml"],
        ["a.yml"],
    ],
    ids=["two folders", "two overlays", "a template", "no Deployment", "the top"],
)
def test_where_several_may_be_meant_or_none_the_books_layout_is_missing(
    tmp_path: Path, paths: list[str]
) -> None:
    assert "manifests.apply = './apply.sh': there is no file" in wrong(tmp_path, *paths)


def test_a_path_is_what_it_holds(tmp_path: Path) -> None:
    paths = ["a/kustomization.yaml", "b/web.yml", "b/service.yml"]
    assert found(tmp_path, *paths, path="a") == ("kustomize", ["a"])
    assert found(tmp_path, *paths, path="b") == ("yaml", ["b"])
    assert found(tmp_path, *paths, path=["b/web.yml", "b/service.yml"]) == (
        "yaml",
        ["b/web.yml", "b/service.yml"],
    )
    assert found(tmp_path, *paths, path="a", renderer="yaml") == ("yaml", ["a"])
    assert found(tmp_path, "k8s/a.yml", renderer="yaml") == ("yaml", ["k8s"])


def test_a_file_that_nobody_may_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # root may read everything, so that no mode of a file would do.
    monkeypatch.setattr("os.access", lambda path, _: Path(path).name != "b.yml")
    told = wrong(tmp_path, "k8s/a.yml", "k8s/b.yml", path="k8s")
    assert f"manifests.path = 'k8s': {tmp_path}/k8s/b.yml can't be read: permission denied" in told


def test_nothing_is_filled_in_where_no_script_does(tmp_path: Path) -> None:
    files(tmp_path, "k8s/a.yml")
    assert check({}, tmp_path, "canary.toml").environment == {}


@pytest.mark.parametrize(
    ("manifests", "told"),
    [
        ({"path": "nowhere"}, "manifests.path = 'nowhere': there is no file or folder {}/nowhere"),
        (
            {"path": "k8s", "renderer": "kustomize"},
            "manifests.path = 'k8s': {}/k8s is no folder with a kustomization.yaml",
        ),
        (
            {"path": ["k8s", "k8s"], "renderer": "kustomize"},
            "manifests.path = ['k8s', 'k8s']: one folder",
        ),
        (
            {"path": "k8s", "apply": "x.sh"},
            'manifests.apply = \'x.sh\': goes with renderer "apply.sh"; for "yaml" name all of '
            "it in path",
        ),
        (
            {"path": "k8s", "renderer": "apply.sh"},
            'manifests.path = \'k8s\': goes with renderer "yaml", "kustomize" or "helm"',
        ),
        (
            {"container": "web", "renderer": "apply.sh"},
            'manifests.container = \'web\': goes with "yaml" and "kustomize"',
        ),
        (
            {"releases": 2, "renderer": "apply.sh"},
            'manifests.releases = 2: goes with renderer "helm"',
        ),
        (
            {"renderer": "helmfile"},
            "manifests.renderer = 'helmfile': one of 'apply.sh', 'yaml', 'kustomize' or 'helm'",
        ),
        ({"path": 3}, "manifests.path = 3: a list of strings"),
        (
            {"renderer": "kustomize"},
            "manifests.renderer = 'kustomize': there is no file or folder {}/manifests",
        ),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, manifests: dict[str, Any], told: str) -> None:
    lines = wrong(tmp_path, "k8s/a.yml", **manifests).splitlines()
    assert f"canary.toml: {told.format(tmp_path)}" in lines
