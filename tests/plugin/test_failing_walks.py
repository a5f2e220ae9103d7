"""What a failure skips, what it rolls back, and how it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.walk import CHECKS, ROLLED_BACK, RUN, Entered, findings


def test_a_failed_transition_skips_what_follows_and_is_rolled_back(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    result = pytester.runpytest_inprocess(*RUN, "-rs")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cluster", "baseline", "canary", ROLLED_BACK, "cleanup"]
    failed = "canary/canary::shop-canary is deployed"
    result.stdout.fnmatch_lines(
        [
            f"canary/stable {'s' * CHECKS['stable']} *",
            f"canary/rollback {'.' * CHECKS['automatic_rollback']} *",
            "canary/cleanup .......... *",
            "canary broke in a test; mend it",
            "    the evidence of it",
            "    files   canary-report/findings/??????/1/ (finding)",
            f"canary: failed at {failed}: canary broke in a test; mend it",
            "canary: the real promotion would not be allowed: the rehearsal did not pass",
            f"SKIPPED [[]{CHECKS['migration']}[]] canary/migration:1: {failed} failed: canary "
            "broke in a test; mend it",
        ]
    )
    left = ("migration", "verdict", "stable")
    skipped = CHECKS["canary"] - 1 + sum(CHECKS[each] for each in left)
    done = ("preflight", "cluster", "baseline", "automatic_rollback", "cleanup")
    result.assert_outcomes(failed=1, passed=sum(CHECKS[each] for each in done), skipped=skipped)
    kept = (findings(project / "canary-report") / "1" / "finding.txt").read_text()
    assert kept == "stage canary: canary broke in a test; mend it\n    the evidence of it\n"


def test_a_rollback_that_fails_too_is_told_and_does_not_hide_the_first(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", f"stable,{ROLLED_BACK}")
    result = pytester.runpytest_inprocess(*RUN, "-rs")
    assert stand_in()[-3:] == ["stable", ROLLED_BACK, "cleanup"]
    first, second = "canary/stable::shop-stable is promoted", "canary/rollback::the release"
    result.stdout.fnmatch_lines(
        [
            f"canary/stable F{'s' * (CHECKS['stable'] - 1)} *",
            f"canary/rollback F{'s' * (CHECKS['automatic_rollback'] - 1)} *",
            "stable broke in a test; mend it",
            "automatic-rollback broke in a test; mend it",
            f"canary: failed at {first}*: stable broke in a test; mend it",
            f"canary: and so did the rollback, at {second} is rolled back: automatic-rollback broke"
            "*",
        ]
    )
    skipped = CHECKS["stable"] - 1 + CHECKS["automatic_rollback"] - 1
    done = ("preflight", "cluster", "baseline", "canary", "migration", "verdict", "cleanup")
    result.assert_outcomes(failed=2, passed=sum(CHECKS[each] for each in done), skipped=skipped)
    kept = findings(project / "canary-report")
    assert sorted(path.name for path in kept.iterdir()) == ["1", "2"]


def test_a_failure_is_rolled_back_wherever_the_walk_was_to_end(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    pytester.runpytest_inprocess(*RUN, "--canary-until=canary")
    assert stand_in() == ["cluster", "baseline", "canary", ROLLED_BACK, "cleanup"]


@pytest.mark.parametrize("breaks", ["cluster", "baseline", "rollback", "cleanup"])
def test_nothing_is_rolled_back_after_a_failure_elsewhere(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    monkeypatch.setenv("BREAKS", breaks)
    pytester.runpytest_inprocess(*RUN)
    assert ROLLED_BACK not in stand_in()


def test_nothing_is_rolled_back_where_nothing_was_live_yet(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chosen check of a later stage tells that the way to it broke."""
    monkeypatch.setenv("BREAKS", "cluster")
    pytester.runpytest_inprocess(*RUN, "-k", "promoted and candidate")
    assert stand_in() == ["cluster", "cleanup"]


def test_exitfirst_leaves_no_time_for_a_rollback(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    result = pytester.runpytest_inprocess(*RUN, "-x", "--junitxml=canary-report/x.xml")
    assert stand_in() == ["cluster", "baseline", "canary", "cleanup"]
    result.stdout.no_fnmatch_line("canary: ")
    result.stdout.fnmatch_lines(["canary: canary-report/report.html"])


def test_the_way_to_a_teams_test_breaks_in_a_sentence(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "migration")
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.canary("migration")
        def test_ours():
            pass
        """
    )
    result = pytester.runpytest_inprocess(*RUN, "-k", "test_ours")
    result.stdout.fnmatch_lines(
        [
            "migration broke in a test; mend it",
            "    the evidence of it",
            "canary: failed at *::test_ours: migration broke in a test; mend it",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_canary/*.py*")


def test_a_failing_test_of_the_team_stops_the_walk(
    pytester: pytest.Pytester, stand_in: Entered
) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.canary("canary")
        def test_ours():
            assert 1 == 2
        """
    )
    result = pytester.runpytest_inprocess(*RUN)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cluster", "baseline", "canary", ROLLED_BACK, "cleanup"]
    result.stdout.fnmatch_lines(["canary: failed at *::test_ours: assert 1 == 2"])


def test_exitfirst_cleans_up(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "baseline")
    pytester.runpytest_inprocess(*RUN, "-x").assert_outcomes(
        failed=1, passed=CHECKS["preflight"] + CHECKS["cluster"]
    )
    assert stand_in() == ["cluster", "baseline", "cleanup"]
