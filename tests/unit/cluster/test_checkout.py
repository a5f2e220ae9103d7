"""A commit's files are all there, as git has them, and nothing is left in the repository."""

import os
import shutil
from pathlib import Path

import pytest
from fakes.repository import commit, git, into_git, lay_out
from fakes.repository import folder as folder
from fakes.repository import own_git as own_git

from pytest_canary.cluster.checkout import Checkout
from pytest_canary.config.baseline import find_baseline
from pytest_canary.config.options import Options
from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import ImageError
from pytest_canary.core.processes import Processes


def check_out(folder: Path) -> tuple[Path, list[str]]:
    """A baseline's files, and the submodules that stay empty."""
    settings = load(folder)
    baseline = find_baseline(settings, Options(baseline="git:v1"))
    assert baseline.commit
    target = folder.parent / "run" / "baseline"
    checkout = Checkout(settings.root, baseline, target, Processes(), timeout=60)
    return target, checkout.make(baseline.commit)


def refused(folder: Path) -> ImageError:
    with pytest.raises(ImageError) as failed:
        check_out(folder)
    return failed.value


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder, with when it was written."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    )


def library(folder: Path, *versions: str) -> list[str]:
    """Another repository; returns its commits' IDs."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    made = []
    for version in versions:
        (folder / "lib.py").write_text(version)
        made.append(commit(folder))
    return made


def add_submodule(folder: Path, source: Path, path: str) -> None:
    git(folder, "submodule", "--quiet", "add", str(source), path)


def test_links_modes_and_what_archives_leave_out_are_as_git_has_them(folder: Path) -> None:
    git(folder, "init", "--quiet")
    (folder / ".gitattributes").write_text(
        "Dockerfile export-ignore\nmanifests export-ignore\nversion export-subst\n"
    )
    (folder / "version").write_text("$Format:%H$")
    (folder / "absolute").symlink_to("/etc/hostname")
    (folder / "outside").symlink_to("../../shared")
    (folder / "apply.sh").chmod(0o755)
    commit(folder, "v1")
    shutil.rmtree(folder / "manifests")
    lay_out(folder)
    (folder / "later").touch()
    commit(folder)
    target, empty = check_out(folder)
    assert empty == []
    assert files(target) == sorted(git(folder, "ls-tree", "-r", "--name-only", "v1").split())
    assert (target / "absolute").readlink() == Path("/etc/hostname")
    assert (target / "outside").readlink() == Path("../../shared")
    assert os.access(target / "apply.sh", os.X_OK)
    assert (target / "version").read_text() == "$Format:%H$"
    assert [each.name for each in target.parent.iterdir()].count("baseline") == 1


def test_filters_are_run_as_the_revisions_attributes_say(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "config", "filter.loud.smudge", "tr a-z A-Z")
    (folder / "word").write_text("quiet")
    (folder / ".gitattributes").write_text("word filter=loud\n")
    commit(folder, "v1")
    (folder / ".gitattributes").unlink()
    commit(folder)
    assert (check_out(folder)[0] / "word").read_text() == "QUIET"


def test_nothing_is_written_into_the_repository_however_it_is_set_up(folder: Path) -> None:
    into_git(folder, "v1")
    (folder / "later").touch()
    commit(folder)
    hooks = folder / ".git" / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {folder}/.git/{hook}-ran\n")
        (hooks / hook).chmod(0o755)
    git(folder, "config", "core.splitIndex", "true")
    git(folder, "sparse-checkout", "set", "--no-cone", "/Dockerfile", "/apply.sh", "/manifests")
    for made in (folder / ".git").glob("*-ran"):
        made.unlink()
    before = contents(folder)
    target, _ = check_out(folder)
    assert contents(folder) == before
    assert "manifests/service.yml" in files(target)
    assert "later" not in files(target)


def test_a_worktree_of_its_own_is_a_repository_too(folder: Path, tmp_path: Path) -> None:
    git(folder, "init", "--quiet")
    library(tmp_path / "library", "1")
    add_submodule(folder, tmp_path / "library", "vendor")
    commit(folder, "v1")
    commit(folder)
    git(folder, "worktree", "add", "--quiet", "--detach", str(tmp_path / "beside"))
    (tmp_path / "beside" / "vendor" / "something").touch()
    target, empty = check_out(tmp_path / "beside")
    assert empty == []
    assert (target / "vendor" / "lib.py").read_text() == "1"


def test_submodules_are_of_the_commit_that_the_revision_names(folder: Path, tmp_path: Path) -> None:
    old, _ = library(tmp_path / "inner", "inner 1", "inner 2")
    library(tmp_path / "library", "outer 1", "outer 2")
    add_submodule(tmp_path / "library", tmp_path / "inner", "in/side")
    git(tmp_path / "library" / "in" / "side", "checkout", "--quiet", old)
    first = commit(tmp_path / "library")
    git(folder, "init", "--quiet")
    add_submodule(folder, tmp_path / "library", "vendor")
    git(folder, "submodule", "--quiet", "update", "--init", "--recursive")
    commit(folder, "v1")
    git(folder / "vendor", "checkout", "--quiet", "HEAD~1")
    # What is gone today was there: its repository still is.
    git(folder, "rm", "--quiet", "-f", "vendor")
    commit(folder)
    before = contents(folder / ".git")
    target, empty = check_out(folder)
    assert empty == []
    assert contents(folder / ".git") == before
    assert (target / "vendor" / "lib.py").read_text() == "outer 2"
    assert (target / "vendor" / "in" / "side" / "lib.py").read_text() == "inner 1"
    assert first


def test_a_submodule_that_nobody_has_fetched_stays_empty_as_the_candidates(
    folder: Path, tmp_path: Path
) -> None:
    git(folder, "init", "--quiet")
    library(tmp_path / "library", "1")
    add_submodule(folder, tmp_path / "library", "vendor")
    commit(folder, "v1")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(folder), str(clone))
    target, empty = check_out(clone)
    assert empty == ["vendor"]
    assert list((target / "vendor").iterdir()) == []


def test_a_submodules_commit_that_is_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    git(folder, "init", "--quiet")
    _, new = library(tmp_path / "library", "1", "2")
    add_submodule(folder, tmp_path / "library", "vendor")
    commit(folder, "v1")
    shutil.rmtree(folder / "vendor")
    shutil.rmtree(folder / ".git" / "modules")
    (folder / "vendor").mkdir()
    (folder / "vendor" / "copied.py").touch()
    assert refused(folder).sentence == (
        f"baseline git:v1 has commit {new[:12]} of submodule vendor, which is not on this machine; "
        "fetch it in vendor, or name an image as the baseline"
    )


def test_a_submodule_whose_name_leads_elsewhere_is_not_followed(
    folder: Path, tmp_path: Path
) -> None:
    git(folder, "init", "--quiet")
    (new,) = library(tmp_path / "library", "1")
    (folder / ".gitmodules").write_text(
        '[submodule "../../../library/.git"]\n\tpath = vendor\n\turl = x\n'
    )
    git(folder, "add", "-A")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{new},vendor")
    git(folder, "commit", "--quiet", "-m", "x")
    git(folder, "tag", "v1")
    target, empty = check_out(folder)
    assert empty == []
    assert list((target / "vendor").iterdir()) == []


def test_a_partial_clone_that_is_offline_is_told(folder: Path, tmp_path: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "config", "uploadpack.allowFilter", "true")
    (folder / "Dockerfile").write_text("FROM old\n")
    commit(folder, "v1")
    (folder / "Dockerfile").write_text("FROM new\n")
    commit(folder)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", f"file://{folder}", str(clone))
    shutil.rmtree(folder)
    failed = refused(clone)
    assert failed.sentence.startswith(
        "baseline git:v1 can't be checked out: `git` exited with code 128: fatal: "
    )
    assert failed.sentence.endswith("; mend that, or name an image as the baseline")
    assert "does not appear to be a git repository" in failed.evidence
