"""Findings where code is reviewed, from a check and from a walk."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.folders import FIXTURES, ROOT
from fakes.walk import Entered

BROKEN = FIXTURES / "manifests"
UNSET = (
    "::error file=manifests/deployment.yml,line=21,title=canary%3A unset-variable"
    "::$PROT has no value%0Aseen    manifests/deployment.yml:21, rule unset-variable"
    "%0Anext    did you mean PORT?%0A  21 | *"
)


@pytest.fixture
def faulty_shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with an error and a warning."""
    manifests = project / "manifests"
    shutil.copy(BROKEN / "deployment" / "unset-variable.yml", manifests / "deployment.yml")
    shutil.copy(BROKEN / "service" / "healthy.yml", manifests / "service.yml")
    shutil.copy(ROOT / "apply.sh", project / "apply.sh")
    (project / "canary.toml").write_text("[promotion]\nwhen = \"tag =~ '^hotfix*'\"\n")
    yield project
    gc.unfreeze()


def written(path: Path) -> Any:
    return json.loads(path.read_text())


def test_a_check_tells_github_where_it_runs_there_and_nothing_elsewhere(
    pytester: pytest.Pytester, faulty_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = pytester.runpytest_inprocess("--canary-check")
    result.stdout.no_fnmatch_line("::*")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "canary: 1 error, 2 warnings, *",
            UNSET,
            "::warning file=canary.toml,line=2,title=canary%3A misleading-promotion::*",
        ]
    )


def test_what_is_asked_for_is_written_and_nothing_else(
    pytester: pytest.Pytester, faulty_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    asked = ("--canary-findings=sarif:out/a.sarif", "--canary-findings=gitlab:quality.json")
    result = pytester.runpytest_inprocess("--canary-check", *asked)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.no_fnmatch_line("::*")
    results = written(faulty_shop / "out" / "a.sarif")["runs"][0]["results"]
    rules = ["unset-variable", "misleading-promotion", "misleading-promotion"]
    assert [each["ruleId"] for each in results] == rules
    places = [each["location"] for each in written(faulty_shop / "quality.json")]
    assert places[:2] == [
        {"path": "manifests/deployment.yml", "lines": {"begin": 21}},
        {"path": "canary.toml", "lines": {"begin": 2}},
    ]


def test_paths_start_from_the_repositorys_top_those_of_pipelines_too(
    pytester: pytest.Pytester, faulty_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (faulty_shop / ".git").mkdir()
    (faulty_shop / "ops").mkdir()
    for name in ("manifests", "apply.sh", "Dockerfile", "pytest.ini"):
        (faulty_shop / name).rename(faulty_shop / "ops" / name)
    book = FIXTURES / "pipelines" / "book" / ".semaphore"
    shutil.copytree(book, faulty_shop / "ops" / ".semaphore")
    monkeypatch.chdir(faulty_shop / "ops")
    asked = ("--canary-findings=github", "--canary-pipeline=.semaphore/semaphore.yml")
    result = pytester.runpytest_inprocess("--canary-check", *asked)
    result.stdout.fnmatch_lines(
        [
            "::error file=ops/manifests/deployment.yml,line=21,title=canary%3A unset-variable::*",
            "::warning file=ops/.semaphore/semaphore.yml,line=56,title=canary%3A misleading-*::*",
        ]
    )


def test_a_check_that_finds_nothing_says_so_and_one_that_is_not_made_says_nothing(
    pytester: pytest.Pytester, faulty_shop: Path
) -> None:
    shutil.copy(BROKEN / "deployment" / "healthy.yml", faulty_shop / "manifests" / "deployment.yml")
    (faulty_shop / "canary.toml").unlink()
    asked = "--canary-findings=gitlab:quality.json"
    pytester.runpytest_inprocess("--canary-check", asked, "--collect-only")
    pytester.runpytest_inprocess("--canary-check", asked, "-k", "nothing of that name")
    assert not (faulty_shop / "quality.json").exists()
    result = pytester.runpytest_inprocess("--canary-check", asked)
    assert result.ret == pytest.ExitCode.OK
    assert written(faulty_shop / "quality.json") == []


def test_a_file_that_can_not_be_written_is_told_and_changes_no_result(
    pytester: pytest.Pytester, faulty_shop: Path
) -> None:
    (faulty_shop / "out").write_text("")
    result = pytester.runpytest_inprocess("--canary-check", "--canary-findings=sarif:out/a.sarif")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["canary: the findings can't be written to */out/a.sarif: *"])


def test_a_wrong_destination_is_told_before_anything_starts(
    pytester: pytest.Pytester, faulty_shop: Path
) -> None:
    result = pytester.runpytest_inprocess("--canary-check", "--canary-findings=sarif")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --canary-findings=sarif: write sarif:FILE"])


def test_a_walk_tells_what_failed_without_power_and_in_the_manifest(
    pytester: pytest.Pytester, faulty_shop: Path, stand_in: Entered
) -> None:
    (faulty_shop / "test_ours.py").write_text(
        'import pytest\n@pytest.mark.canary("baseline")\ndef test_it():\n'
        '    raise LookupError("::error file=x::100 %")\n'
    )
    result = pytester.runpytest_inprocess(
        "--canary",
        "--canary-baseline=shop:1",
        "--canary-findings=github",
        "--canary-findings=gitlab:quality.json",
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    commands = [line for line in result.outlines if line.lstrip().startswith("::")]
    assert commands == ["::error title=canary%3A Lookup::: :error file=x::100 %25"]
    (found,) = written(faulty_shop / "quality.json")
    assert found["location"] == {"path": "manifests/deployment.yml", "lines": {"begin": 1}}
