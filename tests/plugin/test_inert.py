"""Without `--canary` the plugin is as good as not there."""

from __future__ import annotations

from pathlib import Path

import pytest

HEAVY = (
    "docker",
    "kubernetes",
    "pydantic",
    "scipy",
    "tenacity",
    "pytest_canary.rehearsal.rehearsal",
)

TEAM = """
import pytest

@pytest.mark.canary("migration")
def test_on_the_new_schema(canary_database):
    raise AssertionError("ran without a cluster")

def test_without_a_stage(canary_release):
    raise AssertionError("ran without a cluster")

def test_of_something_else():
    pass
"""


def test_a_plain_run_imports_nothing_heavy(pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile(
        f"""
        import sys
        def test_imports():
            heavy = [name for name in {HEAVY!r} if name in sys.modules]
            assert not heavy
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_plain_run_leaves_nothing_behind(pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile("def test_it(): pass")
    before = {path.name for path in project.iterdir()}
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    after = {path.name for path in project.iterdir()} - {"__pycache__", "stdout", "stderr"}
    after = {name for name in after if not name.startswith("runpytest-")}
    assert after == before


def test_a_plain_run_registers_its_fixtures_alone(pytester: pytest.Pytester) -> None:
    registered = dict(pytester.parseconfigure().pluginmanager.list_name_plugin())
    assert [name for name in registered if name.startswith("canary")] == [
        "canary",
        "canary-fixtures",
    ]


def test_tests_of_a_stage_are_skipped_and_say_why(pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile(TEAM)
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        ["SKIPPED*belongs to a stage of `pytest --canary`", "SKIPPED*needs `pytest --canary`"],
        consecutive=False,
    )


def test_the_options_are_in_the_help_and_the_marker_is_registered(
    pytester: pytest.Pytester, project: Path
) -> None:
    pytester.runpytest_inprocess("--help").stdout.fnmatch_lines(
        ["rehearse a release on a throw-away Kubernetes:", "*--canary *walk the release*"]
    )
    pytester.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.canary(stage)*"])
