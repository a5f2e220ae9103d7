"""`pytest --canary-demo`: the bundled app, in a folder in which there is nothing else."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator

import pytest
from fakes import stand_in as stand_ins
from fakes.folders import TESTS
from fakes.walk import STAGES

YOURS = "canary: the demo is yours, in canary-demo: change something there, and walk again with *"

Entered = Callable[[], list[str]]


@pytest.fixture
def entered(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Entered]:
    """An empty folder, and stages that write down elsewhere that they were entered."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("PYTEST_PLUGINS", stand_ins.__name__)
    monkeypatch.setenv("PYTHONPATH", str(TESTS), prepend=os.pathsep)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:cacheprovider")
    monkeypatch.setenv("XDG_STATE_HOME", str(elsewhere))
    log = elsewhere / "entered"
    monkeypatch.setenv("ENTERED", str(log))
    yield lambda: log.read_text().split() if log.exists() else []
    gc.unfreeze()


def test_an_empty_folder_gets_a_project_that_is_walked(
    pytester: pytest.Pytester, entered: Entered
) -> None:
    result = pytester.runpytest_inprocess("--canary-demo")
    assert result.ret == pytest.ExitCode.OK
    assert entered() == STAGES
    result.stdout.fnmatch_lines(
        [
            "canary: addressbook, upgrade; baseline git:v1 (the newest tag before HEAD); *; "
            "settings: canary.toml; run *",
            "canary: addressbook passed every stage*",
            YOURS,
        ]
    )
    left = sorted(each.name for each in pytester.path.iterdir())
    assert left == ["canary-demo", "canary-report"]


def test_its_manifests_alone_are_looked_at_and_its_settings_count(
    pytester: pytest.Pytester, entered: Entered
) -> None:
    result = pytester.runpytest_inprocess("--canary-demo", "--canary-check")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["canary: nothing wrong found in deployment.yml and service.yml", YOURS]
    )
    service = pytester.path / "canary-demo" / "manifests" / "service.yml"
    service.write_text(service.read_text().replace("targetPort: http", "targetPort: htpp"))
    result = pytester.runpytest_inprocess("--canary-demo", "--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*no container of addressbook-canary has a TCP port called htpp", "*seen *service.yml:15*"]
    )
    assert entered() == []


def test_a_project_around_it_is_none_of_its_business(
    pytester: pytest.Pytester, entered: Entered
) -> None:
    pytester.makepyfile(
        'import pytest\n@pytest.mark.canary("stable")\ndef test_ours(): raise AssertionError\n'
    )
    (pytester.path / "canary.toml").write_text("nam = 1\n")
    result = pytester.runpytest_inprocess("--canary-demo")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*.py *")


@pytest.mark.parametrize("other", ["--canary-doctor", "--canary-reap"])
def test_it_goes_with_nothing_that_runs_nothing(
    pytester: pytest.Pytester, entered: Entered, other: str
) -> None:
    result = pytester.runpytest_inprocess("--canary-demo", other)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {other}: *"])
    assert [*pytester.path.iterdir()] == []


def test_a_folder_of_the_same_name_stays_and_ends_it(
    pytester: pytest.Pytester, entered: Entered
) -> None:
    pytester.mkdir("canary-demo")
    result = pytester.runpytest_inprocess("--canary-demo")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --canary-demo: canary-demo is there already, and is *"])
    assert entered() == []
