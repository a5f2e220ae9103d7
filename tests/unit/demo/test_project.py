"""The demo's folder: a repository with one release tagged, made whole or not at all."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from fakes.folders import ROOT
from fakes.repository import git

from pytest_canary.core.errors import SettingsError
from pytest_canary.demo.project import SETTINGS, bundle, ensure


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo's, as it is made."""
    return ensure(tmp_path)


def test_the_newest_tag_before_head_is_the_release_that_is_live(folder: Path) -> None:
    assert git(folder, "describe", "--tags", "--abbrev=0", "HEAD~1") == "v1"
    assert git(folder, "status", "--porcelain") == ""
    changed = git(folder, "diff", "--unified=0", "v1", "HEAD").splitlines()
    lines = [each for each in changed if each.startswith(("+A", "-A", "+++"))]
    one = ["-ARG RELEASE=1", "+ARG RELEASE=2"]
    assert lines == ["+++ b/app/Dockerfile", *one, *one]


def test_all_that_is_bundled_is_there_as_it_is_in_the_clone(folder: Path) -> None:
    for path in ("app/Dockerfile", "app/addressbook/web.py", "manifests/service.yml", "apply.sh"):
        assert (folder / path).read_text() == (ROOT / path).read_text()
    assert (folder / "apply.sh").stat().st_mode & 0o111
    assert [*folder.rglob("__pycache__")] == []
    assert [each.name for each in folder.parent.iterdir()] == ["canary-demo"]


def test_its_settings_are_those_of_the_clone_but_for_how_the_release_is_told() -> None:
    own = tomllib.loads(SETTINGS.read_text())
    clones = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["canary"]
    # The demo comes without the clone's pipelines, which only Semaphore runs.
    clones.pop("pipeline")
    assert clones.pop("image") == {"build-args": {"RELEASE": "2"}}
    assert own == {"name": "addressbook", "image": {"context": "app"}, **clones}


def test_one_that_is_there_is_left_as_it_is(folder: Path) -> None:
    (folder / "apply.sh").write_text("mine")
    assert ensure(folder.parent) == folder
    assert (folder / "apply.sh").read_text() == "mine"


@pytest.mark.parametrize("what", ["a file", "a folder", "a link", "other settings"])
def test_what_is_called_so_and_is_not_the_demos_stays(tmp_path: Path, what: str) -> None:
    there = tmp_path / "canary-demo"
    if what == "a file":
        there.write_text("mine")
    elif what == "a link":
        (tmp_path / "elsewhere").mkdir()
        there.symlink_to(ensure(tmp_path / "elsewhere"))
    else:
        there.mkdir()
        if what == "other settings":
            (there / "canary.toml").write_text("name = 'mine'\n")
    with pytest.raises(SettingsError) as error:
        ensure(tmp_path)
    assert str(error.value) == (
        "--canary-demo: canary-demo is there already, and is not the demo's; "
        "remove it, or stand in another folder"
    )


def test_without_git_it_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError) as error:
        ensure(tmp_path)
    text = str(error.value)
    assert text.startswith(
        "--canary-demo: the demo is a git repository, and `git` can't be started: "
    )
    assert text.endswith("; see that git can be run")
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_can_not_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        ensure(tmp_path / "nowhere")
    assert str(error.value) == (
        f"--canary-demo: canary-demo can't be made in {tmp_path}/nowhere: "
        "No such file or directory; stand in a folder that can be written to"
    )


def test_a_package_without_the_bundled_files_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"installed without app, manifests, apply\.sh; install"
    ):
        bundle([tmp_path])


def test_the_users_own_git_settings_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f"[core]\nhooksPath = {hooks}\n[commit]\ngpgSign = true\n[tag]\ngpgSign = true\n"
        "forceSignAnnotated = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert git(ensure(tmp_path), "tag") == "v1"
