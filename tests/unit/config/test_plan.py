"""What a run is going to do, with real git repositories."""

from pathlib import Path

import pytest
from fakes.repository import folder as folder
from fakes.repository import history as history
from fakes.repository import own_git as own_git
from fakes.repository import tagged as tagged

from pytest_canary.config.options import STAGES, Options
from pytest_canary.config.plan import Plan, plan
from pytest_canary.config.settings import Settings
from pytest_canary.config.settings_file import load


def settings(folder: Path, text: str = "") -> Settings:
    if text:
        (folder / "canary.toml").write_text(text)
    return load(folder)


def planned(folder: Path, baseline: str | None = None, text: str = "") -> Plan:
    return plan(settings(folder, text), Options(baseline=baseline))


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


UNNAMED = """
[api]
write = { method = "POST", path = "/notes", json = { text = "{unique}" }, status = 201 }
read = { method = "GET", path = "/notes" }
"""


@pytest.mark.parametrize(
    ("text", "tells", "judges"),
    [
        ("", True, True),
        # Each is asked at an address of its own, so that no header has to tell them.
        (UNNAMED, False, True),
        ("traffic.rate = 0", True, False),
    ],
)
def test_an_upgrade_under_traffic_is_judged_whatever_the_app_tells(
    tagged: Path, text: str, tells: bool, judges: bool
) -> None:
    found = planned(tagged, text=text)
    assert (found.upgrade, found.tells_versions, found.judges) == (True, tells, judges)


def test_a_first_release_has_nobody_to_be_judged_against(tagged: Path) -> None:
    assert not planned(tagged, "none").judges


def test_checks_are_known(folder: Path) -> None:
    assert not planned(folder).checks
    assert planned(folder, text="[[api.checks]]\nmethod = 'GET'\npath = '/'").checks


def test_the_title_tells_scenario_and_baseline(tagged: Path) -> None:
    assert planned(tagged).title == (
        "addressbook, upgrade; baseline git:v1.4 (the newest tag before HEAD)"
    )


# What migrates.

INIT = """kind: Deployment
apiVersion: apps/v1
metadata: {name: $deployment}
spec: {template: {spec: {initContainers: [{name: migrate, image: $img}], containers: []}}}
"""


def test_what_is_taken_for_the_migration_is_told(book: Path) -> None:
    assert plan(settings(book, ""), Options(baseline="shop:1", image="shop:2")).notes == ()
    (book / "manifests" / "deployment.yml").write_text(INIT)
    made = plan(settings(book, ""), Options(baseline="shop:1", image="shop:2"))
    assert made.notes == (
        "init container migrate is taken for what migrates; migration.by says otherwise",
    )
    assert (made.migrates, made.migrates_first, made.migrates_along) == (True, True, True)
    said = plan(
        settings(book, 'migration.by = "start"'), Options(baseline="shop:1", image="shop:2")
    )
    assert said.notes == ()


def test_a_job_may_migrate_before_there_is_a_pod(book: Path) -> None:
    (book / "job.yml").write_text("{}\n")
    for text, first in (("", False), ("migration.first = true", True)):
        found = settings(book, f'migration.job = "job.yml"\n{text}')
        made = plan(found, Options(baseline="shop:1", image="shop:2"))
        assert (made.migrates, made.migrates_first, made.migrates_along) == (True, first, False)
    none = settings(book, 'migration.job = "job.yml"\ndatabase.image = "none"')
    assert not plan(none, Options(baseline="shop:1", image="shop:2")).migrates


# What a check knows of the baseline.


def test_a_check_knows_the_baseline_where_git_does(tagged: Path) -> None:
    found = plan(settings(tagged), Options(check=True))
    assert (found.baseline.name, found.compares, found.uncompared) == ("git:v1.4", True, "")


@pytest.mark.parametrize(
    ("baseline", "compares"),
    [("shop:1.4", False), ("none", False), ("git:v1.3", True), ("git:v2.0", True)],
)
def test_a_check_compares_with_a_commit_alone(tagged: Path, baseline: str, compares: bool) -> None:
    found = plan(settings(tagged), Options(check=True, baseline=baseline))
    assert (found.compares, found.uncompared) == (compares, "")


def test_a_check_says_what_git_does_not_know(tagged: Path) -> None:
    found = plan(settings(tagged, 'baseline = "git:v1.5"'), Options(check=True))
    assert found.compares
    assert found.uncompared == (
        "baseline git:v1.5 (canary.toml) is not in git: did you mean git:v1.4?"
    )


def test_a_check_outside_of_git_asks_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder / "nothing"))
    found = plan(settings(folder), Options(check=True))
    assert (found.compares, found.uncompared, found.baseline.text) == (
        False,
        "",
        "none (not in git)",
    )
