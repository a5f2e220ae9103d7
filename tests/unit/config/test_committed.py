"""What a commit's own manifests hold, by real git."""

from pathlib import Path

import pytest
from fakes.repository import commit, folder, git, into_git, own_git

from pytest_canary.config.baseline import find_baseline
from pytest_canary.config.committed import contents_at, files_in
from pytest_canary.config.options import Options
from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import CommandError

FIXTURES = (folder, own_git)


def held(project: Path, tag: str = "v1") -> list[bytes | None]:
    """What template, Service and script hold in a tag."""
    found = find_baseline(load(project), Options(baseline=f"git:{tag}")).commit
    assert found
    assert found.files.apply
    files = found.files
    return contents_at(project, found.id, [files.deployment, files.service, found.files.apply])


def test_a_commits_files_are_as_they_were_byte_for_byte(folder: Path) -> None:
    (folder / "manifests" / "service.yml").write_bytes(b"\xff\r\n\n\n")
    (folder / "manifests" / "deployment.yml").write_text("")
    into_git(folder, "v1")
    (folder / "manifests" / "service.yml").write_text("now: another\n")
    assert held(folder) == [b"", b"\xff\r\n\n\n", b"{}\n"]


def test_a_file_that_is_none_in_the_commit_is_none(folder: Path) -> None:
    git(folder, "init", "--quiet")
    (folder / "manifests" / "service.yml").unlink()
    (folder / "manifests" / "deployment.yml").rename(folder / "other.yml")
    (folder / "manifests" / "deployment.yml").symlink_to("../other.yml")
    (folder / "apply.sh").unlink()
    (folder / "apply.sh").mkdir()
    (folder / "apply.sh" / "more").write_text("blob 3\nno\n")
    commit(folder, "v1")
    (folder / "apply.sh" / "more").unlink()
    (folder / "apply.sh").rmdir()
    for name in ("apply.sh", "manifests/service.yml"):
        (folder / name).write_text("{}\n")
    # A link is followed within the commit; a folder is no file.
    assert held(folder) == [b"{}\n", None, None]
    (folder / "manifests" / "service.yml").unlink()
    (folder / "manifests" / "service.yml").symlink_to("nowhere.yml")
    commit(folder, "v2")
    (folder / "manifests" / "service.yml").unlink()
    (folder / "manifests" / "service.yml").write_text("{}\n")
    assert held(folder, "v2")[1] is None


def test_a_commit_that_git_has_lost_is_an_error(folder: Path) -> None:
    into_git(folder, "v1")
    (folder / ".git" / "HEAD").unlink()
    for asked in (contents_at, files_in):
        with pytest.raises(CommandError, match="`git` exited with code 128"):
            asked(folder, "v1", [Path("apply.sh")])


def test_the_files_of_folders_are_told_however_deep_they_are(folder: Path) -> None:
    git(folder, "init", "--quiet")
    (folder / "k8s" / "b\u00e4se").mkdir(parents=True)
    (folder / "k8s" / "b\u00e4se" / "a b.yml").touch()
    commit(folder, "v1")
    paths = [Path("k8s"), Path("apply.sh"), Path("nowhere")]
    own = [Path("apply.sh"), Path("k8s/b\u00e4se/a b.yml")]
    assert files_in(folder, "v1", paths) == own
    assert set(own) < {*files_in(folder, "v1", [Path()])}
