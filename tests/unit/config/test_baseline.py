"""Which version is live, with real git repositories: never a first release by mistake."""

import shutil
from pathlib import Path

import pytest
from fakes.repository import commit, git, into_git, lay_out
from fakes.repository import folder as folder
from fakes.repository import history as history
from fakes.repository import own_git as own_git
from fakes.repository import tagged as tagged

from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan, plan
from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import SettingsError


def planned(
    folder: Path, baseline: str | None = None, text: str = "", image: str | None = None
) -> Plan:
    if text:
        (folder / "canary.toml").write_text(text)
    return plan(load(folder), Options(baseline=baseline, image=image))


def refused(folder: Path, baseline: str | None = None, text: str = "") -> str:
    """What a plan that can't be made says."""
    with pytest.raises(SettingsError) as wrong:
        planned(folder, baseline, text)
    return str(wrong.value)


def found(folder: Path, baseline: str | None = None, text: str = "") -> Baseline:
    return planned(folder, baseline, text).baseline


def commit_of(baseline: Baseline) -> str:
    assert baseline.commit
    return baseline.commit.id


def replace_git(folder: Path, patch: pytest.MonkeyPatch, text: str | None) -> None:
    """Let a script be the only program there is; None for no program at all."""
    (folder / "bin").mkdir()
    if text:
        (folder / "bin" / "git").write_text(f"#!/bin/sh\n{text}\n")
        (folder / "bin" / "git").chmod(0o755)
    patch.setenv("PATH", str(folder / "bin"))


def test_the_newest_tag_before_head_is_the_baseline(tagged: Path) -> None:
    plan = planned(tagged)
    assert plan.baseline.text == "git:v1.4 (the newest tag before HEAD)"
    assert plan.upgrade


def test_a_tag_on_head_is_the_candidates_own(folder: Path) -> None:
    into_git(folder)
    commit(folder, "v1")
    assert found(folder).text == "none (no tag)"
    commit(folder)
    assert found(folder).text == "git:v1 (the newest tag before HEAD)"


def test_the_option_comes_before_the_setting_and_both_before_a_tag(tagged: Path) -> None:
    text = 'baseline = "git:v1.3"'
    assert found(tagged, text=text).text == "git:v1.3 (canary.toml)"
    assert found(tagged, "app:7", text).text == "app:7 (--canary-baseline)"


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("none", "none", "none (--canary-baseline)"),
        ("app:1", "image", "app:1 (--canary-baseline)"),
        ("git:v1.3", "git", "git:v1.3 (--canary-baseline)"),
        ("git:HEAD~1", "git", "git:HEAD~1 (--canary-baseline)"),
        ("git:main~2", "git", "git:main~2 (--canary-baseline)"),
    ],
)
def test_a_baseline_is_an_image_a_revision_or_none(
    tagged: Path, value: str, kind: str, shown: str
) -> None:
    baseline = found(tagged, value)
    assert (baseline.kind, baseline.text) == (kind, shown)


def test_none_wins_over_every_tag(tagged: Path) -> None:
    assert not planned(tagged, text='baseline = "none"').upgrade
    assert not planned(tagged, "none", 'baseline = "git:v1.3"').upgrade


def test_a_revision_is_a_commit_whatever_moves_later(tagged: Path) -> None:
    known = git(tagged, "rev-parse", "v1.3")
    git(tagged, "branch", "v1.3", "v1.4")
    git(tagged, "tag", "-a", "-m", "annotated", "release", "v1.3")
    assert commit_of(found(tagged, "git:v1.3")) == known
    assert commit_of(found(tagged, "git:release")) == known
    assert commit_of(found(tagged, f"git:{known[:8]}")) == known


def test_a_tag_is_meant_where_a_branch_has_its_name(tagged: Path) -> None:
    git(tagged, "branch", "v1.4", "v1.3")
    assert commit_of(found(tagged)) == git(tagged, "rev-parse", "refs/tags/v1.4")


def test_a_tag_that_looks_like_an_option_is_a_name(tagged: Path) -> None:
    known = git(tagged, "rev-parse", "HEAD^")
    git(tagged, "tag", "-d", "v1.3", "v1.4")
    git(tagged, "update-ref", "refs/tags/--output=PWNED", known)
    assert commit_of(found(tagged)) == known
    assert not list(tagged.glob("PWNED*"))


def test_a_hooks_own_variables_are_not_the_projects(
    tagged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(lay_out(tmp_path / "another"), "init")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    assert found(tagged).text == "git:v1.4 (the newest tag before HEAD)"


# Where there is none, by git's own words


def test_a_project_that_is_not_in_git_has_a_first_release(folder: Path) -> None:
    plan = planned(folder)
    assert plan.baseline.text == "none (not in git)"
    assert plan.title == "addressbook, first release; baseline none (not in git)"


def test_a_repository_without_tag_or_commit_has_a_first_release(folder: Path) -> None:
    git(folder, "init")
    assert found(folder).text == "none (no tag)"
    commit(folder)
    commit(folder)
    assert found(folder).text == "none (no tag)"
    git(folder, "switch", "--quiet", "--create", "side")
    commit(folder, "elsewhere")
    git(folder, "switch", "--quiet", "main")
    assert found(folder).text == "none (no tag)"


def test_git_that_speaks_another_language_is_understood(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    german = "echo 'Schwerwiegend: Kein Git-Repository' >&2; exit 128"
    real = shutil.which("git")
    replace_git(tmp_path, monkeypatch, f'[ "$LC_ALL" = C ] || {{ {german}; }}; exec {real} "$@"')
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert found(folder).text == "none (not in git)"


def test_a_clone_without_any_tag_is_told_that_it_may_lack_them(
    tagged: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(tagged), str(clone))
    git(clone, "tag", "-d", "v1.3", "v1.4", "v2.0")
    assert planned(clone).title == (
        "addressbook, first release; "
        "baseline none (no tag in this clone; git fetch --tags, if its remote has one)"
    )


def test_a_clone_that_fetches_no_tags_is_refused(tagged: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(tagged), str(clone))
    assert refused(clone) == (
        "there is no tag before HEAD, and the clone fetches none (remote.*.tagOpt is --no-tags); "
        'git fetch --tags, or name the baseline, be it "none"'
    )
    git(clone, "fetch", "--quiet", "--tags")
    assert found(clone).text == "git:v1.4 (the newest tag before HEAD)"


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_is_refused_as_it_would_pass_for_a_first_release(
    tagged: Path, tmp_path: Path, depth: int
) -> None:
    clone = tmp_path / "clone"
    commit(tagged)
    git(tmp_path, "clone", "--quiet", f"--depth={depth}", f"file://{tagged}", str(clone))
    git(clone, "tag", "-d", *git(clone, "tag", "--list").split())
    assert refused(clone).startswith("the clone is shallow, so the newest tag")
    assert found(clone, "none").kind == "none"


# Where git can't say


def test_without_git_nothing_is_a_first_release(
    tagged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_git(tmp_path, monkeypatch, None)
    assert refused(tagged) == (
        f"git can't say whether {tagged} is in a repository: "
        "`git` can't be started: No such file or directory: git; "
        'mend that, or name the baseline, be it "none"'
    )
    assert "`git` can't be started" in refused(tagged, "git:v1.4")
    assert found(tagged, "app:1").kind == "image"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -9 $$", "`git` was ended by SIGKILL"),
        ("echo 'fatal: out of memory, malloc failed' >&2; exit 128", "128: fatal: out of memory"),
        ("echo 'fatal: not a git repository' >&2; exit 1", "exited with code 1"),
    ],
)
def test_a_git_that_fails_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    replace_git(tmp_path, monkeypatch, script)
    assert refused(folder).startswith(f"git can't say whether {folder} is in a repository: `git` ")
    assert said in refused(folder)


def test_a_repository_that_git_does_not_find_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".git").write_text("gitdir: /nowhere/.git/worktrees/project\n")
    assert refused(folder) == (
        f"git finds no repository in {folder}, though {folder}/.git is there: `git` exited with "
        "code 128: fatal: not a git repository: /nowhere/.git/worktrees/project; "
        'mend that, or name the baseline, be it "none"'
    )
    (folder / ".git").unlink()
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert f"git finds no repository in {folder}, though GIT_DIR is set" in refused(folder)


def test_a_history_that_git_can_not_read_is_told(tagged: Path) -> None:
    gone = git(tagged, "rev-parse", "HEAD^")
    shutil.rmtree(tagged / ".git" / "objects" / gone[:2])
    said = refused(tagged)
    assert said.startswith("the newest tag before HEAD can't be found: `git` exited with code 128:")
    assert said.endswith('; mend that, or name the baseline, be it "none"')


def test_a_repository_that_git_does_not_trust_is_told(
    tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert refused(tagged) == (
        f"git does not trust {tagged}, as another user owns it; "
        f"git config --global --add safe.directory {tagged}"
    )


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("v1.44", "did you mean git:v1.4?"),
        ("nothing-like-it", "fetch it first, or name another"),
        ("", "fetch it first, or name another"),
        ("--help", "fetch it first, or name another"),
        ("--output=x", "fetch it first, or name another"),
        ("HEAD:Dockerfile", "fetch it first, or name another"),
        ("1" * 40, "fetch it first, or name another"),
    ],
)
def test_a_revision_that_git_has_not_is_told_with_the_nearest_tag(
    tagged: Path, revision: str, hint: str
) -> None:
    said = refused(tagged, f"git:{revision}")
    assert said == f"baseline git:{revision} (--canary-baseline) is not in git: {hint}"
    assert not (tagged / "x").exists()


def test_a_revision_that_git_can_not_look_up_is_told(
    tagged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    script = f'case "$*" in *--end-of-options*) kill -9 $$;; *) exec {real} "$@";; esac'
    replace_git(tmp_path, monkeypatch, script)
    assert refused(tagged, "git:v1.4") == (
        "baseline git:v1.4 (--canary-baseline) can't be looked up: `git` was ended by SIGKILL; "
        "see `git fsck`, or name another"
    )


def test_a_revision_without_git_is_told(folder: Path) -> None:
    said = refused(folder, text='baseline = "git:v1"')
    assert said.startswith("baseline git:v1 (canary.toml) is not in git: fetch it")


# Where its files are


def test_a_project_in_a_folder_of_its_repository_finds_the_tags(tagged: Path) -> None:
    inner = tagged / "services" / "shop"
    inner.mkdir(parents=True)
    for name in ("Dockerfile", "apply.sh", "manifests"):
        (tagged / name).rename(inner / name)
    (inner / "deploy.yml").symlink_to("../../elsewhere.yml")
    (tagged / "elsewhere.yml").write_text("{}\n")
    text = "manifests.deployment = 'deploy.yml'\nimage.context = '../../'\n"
    text += "image.dockerfile = 'services/shop/Dockerfile'"
    baseline = found(inner, text=text)
    assert baseline.text == "git:v1.4 (the newest tag before HEAD)"
    assert baseline.commit
    files = baseline.commit.files
    assert files.context == Path()
    assert files.dockerfile == Path("services/shop/Dockerfile")
    # A link is a file of the revision's own, wherever it leads today.
    assert files.deployment == Path("services/shop/deploy.yml")


def test_a_project_that_is_reached_through_a_link_knows_its_files(
    tagged: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tagged)
    baseline = found(tmp_path / "link")
    assert baseline.commit
    assert baseline.commit.files.service == Path("manifests/service.yml")


def test_files_outside_of_the_repository_have_no_older_version(
    tagged: Path, tmp_path: Path
) -> None:
    (lay_out(tmp_path / "shared") / "x.yml").write_text("{}\n")
    text = f"image.context = '../shared'\nmanifests.deployment = '{tmp_path}/shared/x.yml'\n"
    assert refused(tagged, text=text) == (
        f"canary.toml: image.context ({tmp_path}/shared), "
        f"image.dockerfile ({tmp_path}/shared/Dockerfile), "
        f"manifests.deployment ({tmp_path}/shared/x.yml) are outside the git repository, so "
        "baseline git:v1.4 (the newest tag before HEAD) has none of its own; move it into the "
        "repository, or name an image as the baseline"
    )
    assert found(tagged, "app:1", text).kind == "image"


# The candidate itself


def test_a_baseline_that_is_the_candidate_is_refused_before_anything_starts(tagged: Path) -> None:
    head = git(tagged, "rev-parse", "HEAD")
    assert refused(tagged, "git:v2.0") == (
        "baseline git:v2.0 (--canary-baseline) is the candidate itself: both are commit "
        f'{head[:12]}, and no file has changed since; name an earlier one, or "none"'
    )
    assert planned(tagged, "git:v2.0", image="app:2").notes == ()
    (tagged / "Dockerfile").write_text("FROM scratch\n")
    assert planned(tagged, "git:v2.0").notes == ()
    git(tagged, "checkout", "--quiet", ".")
    (tagged / "new").touch()
    assert planned(tagged, "git:v2.0").notes == ()


def test_an_app_that_does_not_tell_its_version_walks_on_and_is_told(tagged: Path) -> None:
    (tagged / "canary.toml").write_text(
        "[api]\nread = {method = 'GET', path = '/'}\n"
        "write = {method = 'POST', path = '/', json = '{unique}'}\n"
    )
    head = commit(tagged)
    assert planned(tagged, "git:main").notes == (
        "baseline git:main is the candidate itself: both are commit "
        f"{head[:12]}, and no file has changed since",
    )
