"""What a pipeline checks out is the project as it is, and its repository stays as it was."""

from pathlib import Path

import pytest
from fakes.repository import commit, git
from fakes.repository import folder as folder
from fakes.repository import history as history
from fakes.repository import own_git as own_git
from fakes.repository import tagged as tagged

from pytest_canary.core.errors import ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.delivery.snapshot import Snapshot, take_snapshot


def taken(root: Path, tmp_path: Path) -> Snapshot:
    return take_snapshot(root, tmp_path / "run" / "repository", Processes())


def checked_out(found: Snapshot, tmp_path: Path) -> Path:
    """The files of the commit, as `checkout` writes them."""
    folder = tmp_path / "checked-out"
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(found.path), str(folder))
    git(folder, "checkout", "--quiet", "--detach", found.commit)
    return folder


def objects(project: Path) -> set[Path]:
    return {each for each in (project / ".git").rglob("*") if each.is_file()}


def test_what_is_committed_is_that_commit(tagged: Path, tmp_path: Path) -> None:
    found = taken(tagged, tmp_path)
    assert found.commit == git(tagged, "rev-parse", "HEAD").strip()
    assert (checked_out(found, tmp_path) / "apply.sh").is_file()
    assert found.name == "project"
    assert found.url == "https://git.invalid/project.git"


def test_what_is_not_committed_is_in_a_commit_of_the_runs(tagged: Path, tmp_path: Path) -> None:
    (tagged / "apply.sh").write_text("changed\n")
    (tagged / "new.txt").write_text("new\n")
    (tagged / "Dockerfile").unlink()
    (tagged / ".gitignore").write_text("*.log\n")
    (tagged / "a.log").write_text("ignored\n")
    (tagged / ".git" / "info").mkdir(exist_ok=True)
    (tagged / ".git" / "info" / "exclude").write_text("mine\n")
    (tagged / "mine").write_text("excluded\n")
    before, status = objects(tagged), git(tagged, "status", "--porcelain")

    found = taken(tagged, tmp_path)

    files = checked_out(found, tmp_path)
    assert (files / "apply.sh").read_text() == "changed\n"
    assert (files / "new.txt").read_text() == "new\n"
    for name in ("Dockerfile", "a.log", "mine"):
        assert not (files / name).exists()
    head = git(tagged, "rev-parse", "HEAD").strip()
    assert git(files, "rev-parse", "HEAD^").strip() == head != found.commit
    assert (objects(tagged), git(tagged, "status", "--porcelain")) == (before, status)


def test_a_clone_without_history_is_taken(tagged: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tagged}", str(shallow))
    (shallow / "new.txt").write_text("new\n")
    found = taken(shallow, tmp_path)
    assert (checked_out(found, tmp_path) / "new.txt").is_file()
    assert (found.name, found.url) == ("project", f"file://{tagged}")


def test_tags_are_there_and_who_may_fetch_is_not(tagged: Path, tmp_path: Path) -> None:
    git(tagged, "remote", "add", "origin", "https://ci:t0ken@git.invalid/team/shop.git")
    found = taken(tagged, tmp_path)
    assert (found.url, found.name) == ("https://git.invalid/team/shop.git", "shop")
    assert git(checked_out(found, tmp_path), "describe", "--tags").strip() == "v2.0"


def test_a_folder_in_no_repository_is_taken(folder: Path, tmp_path: Path) -> None:
    found = taken(folder, tmp_path)
    assert (checked_out(found, tmp_path) / "manifests" / "service.yml").is_file()
    assert found.name == "project"


def test_a_folder_of_a_repository_is_taken_with_the_whole(tagged: Path, tmp_path: Path) -> None:
    commit(tagged, "v3")
    found = taken(tagged / "manifests", tmp_path)
    assert (checked_out(found, tmp_path) / "manifests" / "service.yml").is_file()


def test_what_git_can_not_take_is_told(tagged: Path, tmp_path: Path) -> None:
    (tagged / "inner").mkdir()
    git(tagged / "inner", "init", "--quiet")  # a repository without a commit
    with pytest.raises(ReleaseError) as raised:
        taken(tagged, tmp_path)
    assert raised.value.sentence == (
        "the project can't be put into a commit for its pipelines: `git` exited with code 128: "
        "fatal: adding files failed"
    )
    assert "'inner/' does not have a commit checked out" in raised.value.evidence
