"""What candidate and baseline are made of; where that is the other's, it is told."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.engine import Engine, image_id
from fakes.manifest_sets import DEPLOYMENT, SERVICE
from fakes.manifest_sets import project as put
from fakes.repository import commit, git, into_git
from fakes.repository import folder as folder
from fakes.repository import history as history
from fakes.repository import own_git as own_git
from fakes.repository import tagged as tagged

from pytest_canary.cluster.container_engine import Image
from pytest_canary.cluster.versions import Versions
from pytest_canary.config.options import Options
from pytest_canary.config.plan import plan
from pytest_canary.core.errors import ImageError
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.rendered import Given
from pytest_canary.rehearsal.planning import load_settings
from pytest_canary.rendering.apply_script import ApplyScript
from pytest_canary.rendering.version import Version

NO_HEADER = """[api]
read = {method = "GET", path = "/"}
write = {method = "POST", path = "/", json = "{unique}"}
"""

Make = Callable[..., Versions]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose builds write down their contexts."""
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text(f'#!/bin/sh\necho "$2" >>{tmp_path}/built\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return Engine("node", tmp_path / "deleted")


@pytest.fixture
def make(engine: Engine, tmp_path: Path) -> Make:
    def versions(folder: Path, baseline: str = "git:v1.4", image: str | None = None) -> Versions:
        made = plan(load_settings(folder), Options(baseline=baseline, image=image))
        return Versions(made, tmp_path / "run", engine, Processes())

    return versions


def built(tmp_path: Path) -> list[str]:
    log = tmp_path / "built"
    return log.read_text().split() if log.exists() else []


def files(found: Version) -> tuple[Path, Path, Path]:
    """Template, Service and script."""
    assert isinstance(found.renderer, ApplyScript)
    return found.renderer.deployment, found.renderer.service, found.renderer.apply_path


def version(made: tuple[Image, Callable[[Image], Version]]) -> Version:
    image, named = made
    return named(replace(image, ref=f"{image.ref}-named"))


def test_a_revision_brings_its_own_files(make: Make, tagged: Path, tmp_path: Path) -> None:
    for name in ("deployment.yml", "service.yml"):
        (tagged / "manifests" / name).write_text("kind: Candidate\n")
    # What became a link since is followed for the candidate alone.
    (tagged / "elsewhere").write_text("#!/bin/sh\n")
    (tagged / "apply.sh").unlink()
    (tagged / "apply.sh").symlink_to("elsewhere")
    commit(tagged)
    versions = make(tagged)
    found = version(versions.baseline())
    assert (found.title, found.image) == ("baseline", "pytest-canary/addressbook:baseline-named")
    assert built(tmp_path) == [str(files(found)[0].parents[1])]
    for path in files(found):
        assert path.read_text() == "{}\n"
    assert versions.notes == []


def test_files_that_a_revision_lacks_are_the_candidates_and_told(
    make: Make, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "everywhere.yml").write_text("{}\n")
    (folder / "manifests" / "deployment.yml").unlink()
    (folder / "manifests" / "deployment.yml").symlink_to(tmp_path / "everywhere.yml")
    shutil.move(folder / "apply.sh", folder / "deploy.sh")
    into_git(folder, "v1.4")
    shutil.move(folder / "deploy.sh", folder / "apply.sh")
    commit(folder)
    versions = make(folder)
    found = version(versions.baseline())
    deployment, _, apply = files(found)
    assert (deployment, apply) == (folder / "manifests" / "deployment.yml", folder / "apply.sh")
    assert versions.notes == [
        f"baseline git:v1.4 has no {name} of its own: the candidate's is used"
        for name in ("manifests/deployment.yml", "apply.sh")
    ]


def test_a_revision_has_its_own_job_or_the_candidates(make: Make, folder: Path) -> None:
    (folder / "canary.toml").write_text('migration.job = "job.yml"\n')
    git(folder, "init", "--quiet")
    (folder / "job.yml").write_text("old: true\n")
    commit(folder, "v1.4")
    (folder / "job.yml").write_text("new: true\n")
    commit(folder)
    versions = make(folder)
    found = version(versions.baseline())
    assert found.job
    assert found.job.read_text() == "old: true\n"
    assert version(versions.candidate()).job == folder / "job.yml"


@pytest.mark.parametrize("how", ["nowhere", "outside"])
@pytest.mark.parametrize("what", ["app", "app/Dockerfile"])
def test_without_its_own_context_and_dockerfile_no_baseline_is_built(
    make: Make, folder: Path, tmp_path: Path, what: str, how: str
) -> None:
    shutil.copytree(folder, tmp_path / "outside")
    (folder / "Dockerfile").unlink()
    (folder / "app").mkdir()
    (folder / "app" / "main").touch()
    path = folder / what
    if how == "outside":
        shutil.rmtree(folder / "app") if what == "app" else None
        path.symlink_to(tmp_path / "outside" / ("" if what == "app" else "Dockerfile"))
    elif what == "app":
        shutil.rmtree(path)
    into_git(folder, "v1.4")
    if path.is_symlink():
        path.unlink()
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "Dockerfile").write_text("FROM scratch\n")
    commit(folder)
    with pytest.raises(ImageError) as failed:
        make(folder).baseline()
    assert failed.value.sentence == (
        f"baseline git:v1.4 has no {what} of its own; name a later revision, or an image"
    )
    assert built(tmp_path) == []


def test_an_empty_submodule_is_told(make: Make, tagged: Path, tmp_path: Path) -> None:
    shutil.copytree(tagged, tmp_path / "library")
    git(tagged, "submodule", "--quiet", "add", str(tmp_path / "library"), "vendor")
    commit(tagged, "v3")
    commit(tagged)
    git(tmp_path, "clone", "--quiet", str(tagged), str(tmp_path / "clone"))
    (tmp_path / "clone" / "new").touch()
    versions = make(tmp_path / "clone", "git:v3")
    versions.baseline()
    assert versions.notes == [
        "submodule vendor is not fetched, so baseline git:v3 is built without it, as the candidate "
        "is"
    ]


# An image that is there already


@pytest.mark.parametrize(
    ("created", "said"),
    [("2026-10-21T10:00:00Z", " of 2026-10-21"), ("1970-01-01T00:00:00Z", ""), ("", "")],
)
def test_an_image_that_the_engine_has_already_may_be_old_and_is_told(
    make: Make, tagged: Path, engine: Engine, created: str, said: str
) -> None:
    name = "registry.example.com/shop:stable"
    engine.known[name] = Image(image_id(name), name, created=created, published=True)
    versions = make(tagged, name)
    versions.baseline()
    digits = image_id(name).removeprefix("sha256:")[:12]
    assert versions.notes == [
        f"baseline {name} is the engine's own copy, {digits}{said}; `docker pull {name}` first, "
        "where the registry may have a newer one"
    ]


@pytest.mark.parametrize(
    ("name", "published"),
    [("shop:1", False), (f"shop@sha256:{'0' * 64}", True), ("not-here:1", None)],
)
def test_an_image_that_no_registry_has_newer_is_not_told(
    make: Make, tagged: Path, engine: Engine, name: str, published: bool | None
) -> None:
    if published is not None:
        engine.known[name] = Image(image_id(name), name, published=published)
    versions = make(tagged, name)
    assert version(versions.baseline()).image == f"{name}-named"
    assert versions.notes == []


# Candidate and baseline


def test_the_same_image_and_manifests_are_refused_before_anything_is_loaded(
    make: Make, tagged: Path
) -> None:
    digits = image_id("shop:1").removeprefix("sha256:")[:12]
    for first in ("candidate", "baseline"):
        versions = make(tagged, "shop:1", image="shop:1")
        makers = [versions.candidate, versions.baseline]
        one, other = makers if first == "candidate" else reversed(makers)
        one()
        with pytest.raises(ImageError) as failed:
            other()
        assert failed.value.sentence == (
            f"candidate and baseline are the same image, {digits}, with the same manifests, so a "
            "rehearsal of an upgrade would prove nothing; name the version that is live with "
            "--canary-baseline, or see why what has changed is not in the image"
        )


def test_the_same_image_is_told_where_nothing_tells_versions_apart(
    make: Make, tagged: Path
) -> None:
    (tagged / "canary.toml").write_text(NO_HEADER)
    versions = make(tagged, "shop:1", image="shop:1")
    versions.candidate()
    versions.baseline()
    digits = image_id("shop:1").removeprefix("sha256:")[:12]
    assert versions.notes == [
        f"candidate and baseline are the same image, {digits}, with the same manifests: nothing of "
        "an upgrade is rehearsed but its steps"
    ]


def test_the_same_image_with_other_manifests_is_an_upgrade(
    make: Make, tagged: Path, engine: Engine
) -> None:
    (tagged / "manifests" / "deployment.yml").write_text("kind: Candidate\n")
    commit(tagged)
    versions = make(tagged, image="pytest-canary/addressbook:baseline")
    versions.candidate()
    versions.baseline()
    digits = image_id("pytest-canary/addressbook:baseline").removeprefix("sha256:")[:12]
    assert versions.notes == [
        f"candidate and baseline are the same image, {digits}: only the manifests differ"
    ]


def test_different_images_are_not_told(make: Make, tagged: Path) -> None:
    versions = make(tagged, "shop:1", image="shop:2")
    versions.candidate()
    versions.baseline()
    assert versions.notes == []


def test_a_revision_brings_its_own_objects(make: Make, tmp_path: Path) -> None:
    root = put(tmp_path / "shop", DEPLOYMENT, SERVICE)
    into_git(root, "v1.4")
    put(root, DEPLOYMENT.replace("path: /", "path: /ready"), SERVICE)
    commit(root)
    versions = make(root)
    candidate, baseline = version(versions.candidate()), version(versions.baseline())
    paths = []
    for each in (candidate, baseline):
        (made,) = each.renderer.render(Given("shop-stable", 3, each.image, {})).parsed.documents
        probe = ("readinessProbe", "httpGet", "path")
        paths.append(made.at("spec", "template", "spec", "containers", 0, *probe))
    assert paths == ["/ready", "/"]
    assert versions.notes == []


def test_objects_that_a_revision_lacks_are_the_candidates_and_told(
    make: Make, tmp_path: Path
) -> None:
    root = put(tmp_path / "shop")
    into_git(root, "v1.4")
    put(root, DEPLOYMENT, SERVICE)
    commit(root)
    versions = make(root)
    found = version(versions.baseline())
    (made,) = found.renderer.render(Given("shop-stable", 3, "shop:1", {})).parsed.documents
    assert made.source.path == root / "k8s" / "all.yml"
    assert versions.notes == ["baseline git:v1.4 has no k8s of its own: the candidate's is used"]
