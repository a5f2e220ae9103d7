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
    "pytest_canary.plugin.fixtures",
    "pytest_canary.plugin.items",
    "pytest_canary.rehearsal.rehearsal",
)

STAGED = """
import pytest

@pytest.mark.canary("migration")
def test_on_the_new_schema(canary_database):
    raise AssertionError("ran without a cluster")
"""

# A team's own marker, fixtures under our names, and fixtures that aren't there.
SUITE = """
import unittest
import pytest

@pytest.fixture
def canary_cluster():
    return "their own"

@pytest.mark.canary
def test_smoke(): pass

@pytest.mark.canary
def test_smoke_that_fails(): assert 1 == 2

@pytest.mark.canary("eu-west")
def test_a_region(): assert 1 == 2

@pytest.mark.canary(stage="stable")
def test_a_keyword(): pass

@pytest.mark.canary("canary", "stable")
def test_two(): pass

def test_their_own_fixture(canary_cluster): assert canary_cluster == "their own"

def test_a_lost_conftest(canary_database): pass

@pytest.mark.canary
def test_a_lost_conftest_of_theirs(canary_release): pass

@pytest.mark.canary
@pytest.mark.xfail
def test_known(): assert 1 == 2

@pytest.mark.canary
class TestOld(unittest.TestCase):
    def test_old(self): pass

    def test_skipped(self): self.skipTest("not here")
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


def test_a_plain_run_registers_its_hooks_alone(pytester: pytest.Pytester) -> None:
    registered = dict(pytester.parseconfigure().pluginmanager.list_name_plugin())
    assert [name for name in registered if name.startswith("canary")] == ["canary"]


def test_tests_of_a_stage_are_skipped_and_say_why(pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile(STAGED)
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*belongs to a stage of `pytest --canary`"])


def test_a_suite_ends_alike_with_the_plugin_and_without(
    pytester: pytest.Pytester, project: Path
) -> None:
    pytester.makeini("[pytest]\nmarkers = canary: a smoke test against the canary fleet\n")
    pytester.makepyfile(SUITE)
    ends = []
    for absent in ([], ["-p", "no:canary"]):
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-v", "-rN", *absent)
        shown = [line.split(" [")[0] for line in result.outlines if "::" in line]
        ends.append((result.ret, result.parseoutcomes(), shown))
    assert ends[0] == ends[1]
    code, outcomes, _ = ends[0]
    assert code == pytest.ExitCode.TESTS_FAILED
    assert outcomes == {"passed": 5, "failed": 2, "skipped": 1, "xfailed": 1, "errors": 2}


def test_the_options_are_in_the_help_and_the_marker_is_registered(
    pytester: pytest.Pytester, project: Path
) -> None:
    pytester.runpytest_inprocess("--help").stdout.fnmatch_lines(
        ["rehearse a release on a throw-away Kubernetes:", "*--canary *walk the release*"]
    )
    pytester.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.canary(stage)*"])
