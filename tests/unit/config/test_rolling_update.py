"""An update without a canary: what it asks of the settings, and how that is said."""

from pathlib import Path

import pytest
from fakes.folders import ROOT
from fakes.repository import folder as folder
from fakes.repository import history as history
from fakes.repository import own_git as own_git
from fakes.repository import tagged as tagged
from fakes.world_settings import DELIVERED

from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan, plan
from pytest_canary.config.settings_file import check, load
from pytest_canary.core.errors import SettingsError

NONE = "replicas.canary = 0\n"


def planned(folder: Path, text: str, baseline: str = "app:1", *, static: bool = False) -> Plan:
    (folder / "canary.toml").write_text(NONE + text)
    return plan(load(folder), Options(baseline=baseline, check=static))


def refused(folder: Path, text: str, baseline: str = "app:1", *, static: bool = False) -> str:
    with pytest.raises(SettingsError) as error:
        planned(folder, text, baseline, static=static)
    return str(error.value)


@pytest.mark.parametrize("static", [False, True])
def test_a_command_needs_a_pod_of_the_candidate(folder: Path, static: bool) -> None:
    assert refused(folder, "", static=static) == (
        "canary.toml: replicas.canary = 0: commands.migrate is run in a pod of the candidate, and "
        "without a canary there is none before the update; let a Job, a hook of the chart's, an "
        "init container or the app itself migrate, and say so by migration.by; or set "
        "commands.migrate = [] where nothing does"
    )


def test_so_does_a_ping_before_a_job(folder: Path) -> None:
    (folder / "job.yml").write_text("kind: Job\n")
    text = 'migration.job = "job.yml"\ncommands.ping = ["ping"]'
    assert refused(folder, text).endswith(
        "commands.ping is run in a pod of the candidate, and without a canary there is none before "
        "the update; take it out"
    )


@pytest.mark.parametrize(
    ("text", "first", "along"),
    [
        ("commands.migrate = []", False, False),
        ('database.image = "none"', False, False),
        ('migration.by = "start"', True, True),
        ('migration.by = "init-container"', True, True),
        ('migration.job = "job.yml"', True, False),
    ],
)
def test_what_migrates_without_a_canary(folder: Path, text: str, first: bool, along: bool) -> None:
    (folder / "job.yml").write_text("kind: Job\n")
    found = planned(folder, text)
    assert not found.has_canary
    assert (found.migrates_first, found.migrates_along) == (first, along)


def test_a_first_release_has_nothing_to_update(folder: Path) -> None:
    assert refused(folder, "commands.migrate = []", "none") == (
        "canary.toml: replicas.canary = 0: a first release has nothing to update; name a baseline, "
        "or set it to 1"
    )


def test_the_pipelines_of_a_walk_have_a_canary() -> None:
    table = DELIVERED | {"replicas": {"canary": 0}, "commands": {"migrate": []}}
    with pytest.raises(SettingsError) as error:
        plan(check(table, ROOT, "canary.toml"), Options(baseline="app:1"))
    assert str(error.value) == (
        "canary.toml: replicas.canary = 0: the pipelines of a walk have a canary; set it to 1, or "
        "pipeline.run = false"
    )
