"""How real apply scripts fail, with a kubectl that refuses everything."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.folders import FIXTURES, ROOT
from fakes.world import NewWorld

from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.core.findings import Finding
from pytest_canary.core.processes import Processes
from pytest_canary.release import failing_apply

WEAK = FIXTURES / "weak"
FILL = 'sed "s|\\$img|$4|; s|\\$DB_PASSWORD|$DB_PASSWORD|" "$1"'

INTO_FILE = f'{FILL} >"$file"; kubectl apply -f "$file"'

Tried = Callable[..., list[Finding]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weak project; temporary files go where only this test looks."""
    shutil.copytree(WEAK, tmp_path / "project")
    (tmp_path / "temporary").mkdir()
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "project"


@pytest.fixture
def tried(project: Path) -> Tried:
    """Tries a script on it, and expects it to leave nothing."""

    def try_script(script: str, **more: float) -> list[Finding]:
        if script:
            (project / "apply.sh").write_text(f"#!/bin/sh\n{script}\n")
        settings = settings_file.check({"name": "weak"}, project, "canary.toml")
        plan = Plan(settings, Options(), Baseline("none", "", ""))
        before = sorted(project.parent.rglob("*"))
        found = failing_apply.failures(plan, project.parent / "run", Processes(), **more)
        assert sorted(project.parent.rglob("*")) == before
        return found

    return try_script


def test_a_file_that_is_left_is_told_with_the_secret_in_it(tried: Tried) -> None:
    (found,) = tried(f'set -e; file=$(mktemp); {INTO_FILE}; rm "$file"')
    assert found.code == "left-manifest"
    assert found.sentence == (
        "apply.sh leaves the manifest that it has filled in behind where kubectl fails, with the "
        "value of DB_PASSWORD in it"
    )
    assert found.where == "apply.sh"
    assert found.seen.startswith("$TMPDIR/tmp.")
    assert "trap" in found.next


@pytest.mark.parametrize("folder", [".", "manifests", "../temporary"])
def test_a_secret_that_is_left_elsewhere_is_told_and_removed(tried: Tried, folder: str) -> None:
    (found,) = tried(
        f"set -e; {FILL} >{folder}/rendered.yml; kubectl apply -f {folder}/rendered.yml"
    )
    assert found.code == "left-manifest"
    assert found.seen.endswith("rendered.yml")


def test_a_script_that_can_not_fail_is_told(tried: Tried) -> None:
    for script in (
        f"{FILL} | kubectl apply -f - | tee log >/dev/null; rm log",
        "kubectl apply -f $1 || true",
        "kubectl apply -f $1; echo done",
    ):
        (found,) = tried(script)
        assert (found.code, found.where) == ("unfailing-apply", "apply.sh")


@pytest.mark.parametrize(
    "script",
    [
        f"set -e; {FILL} | kubectl apply -f -; kubectl rollout status deployment/$2",
        f"set -e; file=$(mktemp); trap 'rm $file' EXIT; {INTO_FILE}",
        # It holds no secret, and is where such files may be meant to stay.
        'set -e; sed "s|img|$4|" $1 >rendered.yml; kubectl apply -f rendered.yml',
        # A log is none.
        "set -e; echo applying >$TMPDIR/log; kubectl apply -f $1",
        "kubectl version && kubectl config view && helm upgrade shop . 2>/dev/null",
        # It never asks for anything.
        "echo nothing to do",
    ],
)
def test_a_script_that_fails_and_cleans_up_is_not_told(tried: Tried, script: str) -> None:
    assert tried(script) == []


def test_the_bundled_script_is_not_told(tried: Tried, project: Path) -> None:
    shutil.copy(ROOT / "apply.sh", project)
    assert tried("") == []


def test_a_script_that_does_not_end_is_given_up(tried: Tried) -> None:
    assert tried("until kubectl apply -f $1; do sleep 0.1; done", patience=0.3) == []


def test_no_cluster_can_be_reached(tried: Tried, project: Path) -> None:
    told = project.parent / "told"
    told.touch()
    assert tried(f'cat "$KUBECONFIG" >{told}; echo "$HOME" >>{told}; exit 1') == []
    assert "https://127.0.0.1:1" in told.read_text()
    assert str(project.parent / "run") in told.read_text()


@pytest.mark.parametrize(("off", "times"), [(["left-manifest"], 1), (failing_apply.RULES, 0)])
def test_it_is_not_tried_where_nobody_is_to_be_told(
    new_world: NewWorld, off: list[str], times: int
) -> None:
    tries: list[Path] = []

    def refuse(_plan: Plan, folder: Path, _processes: Processes) -> list[Finding]:
        tries.append(folder)
        return []

    levels = {rule: {"level": "off", "why": "it calls somebody"} for rule in off}
    world = new_world(empty=True, findings=levels)
    world.begin_again(refuse_apply=refuse)
    world.enter("cluster")
    assert len(tries) == times
