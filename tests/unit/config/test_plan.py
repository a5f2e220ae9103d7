"""What a run is going to do, with real git repositories."""

import subprocess
from pathlib import Path

import pytest

from pytest_canary.config.options import STAGES, Options
from pytest_canary.config.plan import Plan, plan
from pytest_canary.config.settings import Settings
from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import SettingsError


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


def commit(folder: Path, *tags: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "--allow-empty", "-m", "x")
    for tag in tags:
        git(folder, "tag", tag)


@pytest.fixture(autouse=True)
def own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of the machine's, and nothing above tmp_path is a repository."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "someone@example.invalid")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the addressbook's layout, not in git yet."""
    project = tmp_path / "project"
    (project / "manifests").mkdir(parents=True)
    for name in ("Dockerfile", "apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (project / name).write_text("{}\n")
    return project


@pytest.fixture
def tagged(folder: Path) -> Path:
    """A project with v1.3 and v1.4 before HEAD, and v2.0 on it."""
    git(folder, "init", "-b", "main")
    commit(folder, "v1.3")
    commit(folder, "v1.4")
    commit(folder)
    commit(folder, "v2.0")
    return folder


def settings(folder: Path, text: str = "") -> Settings:
    if text:
        (folder / "canary.toml").write_text(text)
    return load(folder)


def planned(folder: Path, baseline: str | None = None, text: str = "") -> Plan:
    return plan(settings(folder, text), Options(baseline=baseline))


# The baseline


def test_the_newest_tag_before_head_is_the_baseline(tagged: Path) -> None:
    found = planned(tagged)
    assert found.baseline.text == "git:v1.4 (the newest tag before HEAD)"
    assert found.upgrade


def test_a_tag_on_head_is_the_candidates_own(folder: Path) -> None:
    git(folder, "init", "-b", "main")
    commit(folder)
    commit(folder, "v1")
    assert planned(folder).baseline.text == "none (no tag)"
    commit(folder)
    assert planned(folder).baseline.text == "git:v1 (the newest tag before HEAD)"


def test_the_option_comes_before_the_setting_and_both_before_a_tag(tagged: Path) -> None:
    text = 'baseline = "git:v1.3"'
    assert planned(tagged, text=text).baseline.text == "git:v1.3 (canary.toml)"
    assert planned(tagged, "app:7", text).baseline.text == "app:7 (--canary-baseline)"


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("none", "none", "none (--canary-baseline)"),
        ("app:1", "image", "app:1 (--canary-baseline)"),
        ("git:v1.3", "git", "git:v1.3 (--canary-baseline)"),
        ("git:HEAD~1", "git", "git:HEAD~1 (--canary-baseline)"),
        ("git:main", "git", "git:main (--canary-baseline)"),
    ],
)
def test_a_baseline_is_an_image_a_revision_or_none(
    tagged: Path, value: str, kind: str, shown: str
) -> None:
    found = planned(tagged, value).baseline
    assert (found.kind, found.text) == (kind, shown)


def test_none_wins_over_every_tag(tagged: Path) -> None:
    assert not planned(tagged, text='baseline = "none"').upgrade
    assert not planned(tagged, "none", 'baseline = "git:v1.3"').upgrade


def test_a_project_that_is_not_in_git_has_a_first_release(folder: Path) -> None:
    found = planned(folder)
    assert found.baseline.text == "none (not in git)"
    assert found.title == "addressbook, first release; baseline none (not in git)"


def test_a_repository_without_tag_or_commit_has_a_first_release(folder: Path) -> None:
    git(folder, "init", "-b", "main")
    assert planned(folder).baseline.text == "none (no tag)"
    commit(folder)
    commit(folder)
    assert planned(folder).baseline.text == "none (no tag)"


def test_a_shallow_clone_is_refused_as_it_would_pass_for_a_first_release(
    tagged: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--depth", "1", f"file://{tagged}", str(clone))
    with pytest.raises(SettingsError, match="the clone is shallow, so the newest tag"):
        planned(clone)
    assert planned(clone, baseline="none").baseline.kind == "none"


def test_a_project_in_a_folder_of_its_repository_finds_the_tags(tagged: Path) -> None:
    inner = tagged / "services" / "shop"
    inner.mkdir(parents=True)
    for name in ("Dockerfile", "apply.sh", "manifests"):
        (tagged / name).rename(inner / name)
    assert planned(inner).baseline.text == "git:v1.4 (the newest tag before HEAD)"


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("v1.44", "did you mean git:v1.4?"),
        ("nothing-like-it", "fetch it first, or name another"),
        ("", "fetch it first, or name another"),
        ("--help", "fetch it first, or name another"),
        ("--output=x", "fetch it first, or name another"),
        ("HEAD:Dockerfile", "fetch it first, or name another"),
    ],
)
def test_a_revision_that_git_has_not_is_told_with_the_nearest_tag(
    tagged: Path, revision: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        planned(tagged, f"git:{revision}")
    assert str(wrong.value) == f"baseline git:{revision} (--canary-baseline) is not in git: {hint}"


def test_a_revision_without_git_is_told(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"git:v1 \(canary.toml\) is not in git: fetch it"):
        planned(folder, text='baseline = "git:v1"')


# What is walked


def test_every_stage_is_walked_without_until(folder: Path) -> None:
    assert planned(folder).stages == STAGES


@pytest.mark.parametrize(
    ("until", "stages"),
    [
        ("preflight", ("preflight", "cleanup")),
        ("cluster", ("preflight", "cluster", "cleanup")),
        ("canary", ("preflight", "cluster", "baseline", "canary", "cleanup")),
        ("rollback", STAGES),
        ("cleanup", STAGES),
    ],
)
def test_until_ends_the_walk_but_never_leaves_the_cleanup_out(
    folder: Path, until: str, stages: tuple[str, ...]
) -> None:
    assert plan(settings(folder), Options(until=until)).stages == stages


def test_a_check_is_the_preflight_alone_whatever_git_knows(folder: Path) -> None:
    found = plan(settings(folder, 'baseline = "git:nowhere"'), Options(check=True))
    assert found.stages == ("preflight",)
    assert found.title.endswith(", its manifests alone")


@pytest.mark.parametrize(
    ("text", "has_database", "migrates"),
    [
        ("", True, True),
        ("commands.migrate = []", True, False),
        ("database.image = 'none'", False, False),
    ],
)
def test_there_is_nothing_to_migrate_without_a_database_or_a_command(
    folder: Path, text: str, has_database: bool, migrates: bool
) -> None:
    found = planned(folder, text=text)
    assert (found.has_database, found.migrates) == (has_database, migrates)


def test_checks_are_known(folder: Path) -> None:
    assert not planned(folder).checks
    assert planned(folder, text="[[api.checks]]\nmethod = 'GET'\npath = '/'").checks


def test_the_title_tells_scenario_and_baseline(tagged: Path) -> None:
    assert planned(tagged).title == (
        "addressbook, upgrade; baseline git:v1.4 (the newest tag before HEAD)"
    )
