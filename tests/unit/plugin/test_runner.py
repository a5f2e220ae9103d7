"""What is run, what is skipped, and when the release is rolled back or kept."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from fakes.stages import Checks, Stages

from pytest_canary.config.options import Keep, Options
from pytest_canary.config.plan import Plan
from pytest_canary.context.evidence import Failure
from pytest_canary.context.journal import Journal
from pytest_canary.core.errors import ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.core.masking import Redactor
from pytest_canary.plugin.items import StageFile, StageTest, in_automatic_rollback
from pytest_canary.plugin.pytest_internals import ErrorRepr
from pytest_canary.plugin.runner import (
    AUTOMATIC_ROLLBACK,
    AutomaticRollback,
    Cleanup,
    Runner,
    replace_rollback,
)
from pytest_canary.plugin.state import FailedTest, SessionOutcome

if TYPE_CHECKING:
    from pytest_canary.rehearsal.rehearsal import Rehearsal

FAILED = FailedTest("canary/canary::it holds", "it does not", "canary", is_check=True)
OURS = """
    import pytest
    @pytest.mark.canary("{stage}")
    def test_ours(): pass
"""


@pytest.fixture
def rollback(session: pytest.Session, stages: Stages) -> list[StageTest]:
    """The automatic one's items."""
    return list(StageFile.of(session, stages.rehearsal, AUTOMATIC_ROLLBACK).collect())


def skipped(runner: Runner | Cleanup, item: pytest.Item) -> str:
    """Why an item is; empty where it isn't."""
    try:
        runner.pytest_runtest_setup(item)
    except pytest.skip.Exception as reason:
        return str(reason)
    return ""


@pytest.mark.parametrize("stage", ["preflight", "canary", "stable", "rollback", "cleanup"])
def test_nothing_is_skipped_where_nothing_has_failed(
    stages: Stages, checks: Checks, stage: str
) -> None:
    assert skipped(Runner(stages.rehearsal, SessionOutcome()), checks(stage)[0]) == ""
    assert stages.there == [], "a check enters its stage itself, as its failure"


def test_after_a_failure_the_cleanup_is_all_that_is_left(stages: Stages, checks: Checks) -> None:
    runner = Runner(stages.rehearsal, SessionOutcome(failed=FAILED))
    assert skipped(runner, checks("stable")[0]) == FAILED.reason
    assert skipped(runner, checks("rollback")[0]) == FAILED.reason
    assert skipped(runner, checks("cleanup")[0]) == ""


@pytest.mark.parametrize(
    ("is_check", "entered", "runs"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_other_checks_of_a_stage_are_made_if_it_is_entered_and_a_check_has_failed(
    stages: Stages, checks: Checks, is_check: bool, entered: bool, runs: bool
) -> None:
    if entered:
        stages.there.append("canary")
    failed = FailedTest("x", "y", "canary", is_check)
    assert (
        skipped(Runner(stages.rehearsal, SessionOutcome(failed=failed)), checks("canary")[1]) == ""
    ) is runs


@pytest.mark.parametrize("done", [False, True])
def test_the_automatic_rollback_is_checked_unless_it_has_failed(
    stages: Stages, rollback: list[StageTest], done: bool
) -> None:
    runner = Runner(stages.rehearsal, SessionOutcome(failed=FAILED))
    assert skipped(runner, rollback[0]) == ""
    if done:
        stages.there.append(AUTOMATIC_ROLLBACK)
    too = FailedTest("canary/rollback::it", "neither", "rollback", is_check=True)
    runner = Runner(stages.rehearsal, SessionOutcome(failed=FAILED, rollback_failed=too))
    assert skipped(runner, rollback[1]) == ("" if done else too.reason)


@pytest.mark.parametrize(("stage", "there"), [("stable", ["stable"]), ("cleanup", [])])
def test_a_teams_test_is_brought_to_its_stage_but_does_not_clean_up(
    pytester: pytest.Pytester, stages: Stages, stage: str, there: list[str]
) -> None:
    item = pytester.getitem(OURS.format(stage=stage), "test_ours")
    assert skipped(Runner(stages.rehearsal, SessionOutcome()), item) == ""
    assert stages.there == there


def reported(runner: Runner, item: pytest.Item, **given: Any) -> Any:
    """pytest's report of an item, as the runner leaves it."""
    report: Any = SimpleNamespace(
        **{"when": "call", "duration": 2.0, "passed": False, "failed": False, "longrepr": ""}
        | given
    )
    raised = given.get("raised")
    call: Any = SimpleNamespace(excinfo=SimpleNamespace(value=raised) if raised else None)
    making = runner.pytest_runtest_makereport(item, call)
    next(making)
    with pytest.raises(StopIteration) as end:
        making.send(report)
    return end.value.value


def test_how_each_test_ended_is_remembered(stages: Stages, checks: Checks) -> None:
    outcome = SessionOutcome()
    runner = Runner(stages.rehearsal, outcome)
    stages.journal.notes["canary"] = ["1 of 3", "no more"]
    first, second, third, *_ = checks("canary")
    error = ReleaseError("it broke")
    reported(runner, first, when="setup", passed=True)
    reported(runner, first, passed=True)
    reported(runner, second, failed=True, longrepr="it broke\nas told", raised=error)
    reported(runner, third, failed=True, longrepr="so did this")
    assert outcome.held == 1
    assert outcome.seconds == {"canary": 8.0}
    assert outcome.failed == FailedTest(second.nodeid, "it broke", "canary", is_check=True)
    assert outcome.rollback_failed is None
    assert stages.kept == [("canary", error)]
    expected = [("canary.stage", "canary"), ("canary.figures", "1 of 3; no more")]
    assert first.user_properties == second.user_properties == expected


def test_the_warnings_that_were_told_while_a_test_ran_are_its_own(
    stages: Stages, checks: Checks
) -> None:
    runner, journal = Runner(stages.rehearsal, SessionOutcome()), stages.journal
    first, second, third, *_ = checks("canary")
    budget, latest = Finding("blocking-budget", "no pod may go"), Finding("latest-image", "old")
    journal.tell("canary", [latest, budget, replace(latest, where="line 2")])
    report = reported(runner, first, passed=True, user_properties=[])
    assert report.user_properties == [("canary.warnings", "latest-image, blocking-budget")]
    assert first.user_properties[-1] == report.user_properties[0]
    assert reported(runner, second, passed=True, user_properties=[]).user_properties == []
    journal.tell("canary", [replace(latest, where="line 3")])
    report = reported(runner, third, passed=True, user_properties=[])
    assert report.user_properties == [("canary.warnings", "latest-image")]


@pytest.mark.parametrize("made_of_it", ["passed", "skipped"])
def test_a_failure_that_a_plugin_swallows_is_remembered_all_the_same(
    stages: Stages, checks: Checks, made_of_it: str
) -> None:
    outcome = SessionOutcome()
    stages.journal.redactor.add("hunter2")
    item = checks("canary")[0]
    item.error = ReleaseError("it broke by hunter2", "evidence")
    reported(Runner(stages.rehearsal, outcome), item, **{made_of_it: True})
    assert outcome.failed == FailedTest(item.nodeid, "it broke by ********", "canary", True)
    assert stages.kept == [("canary", item.error)]


@pytest.mark.parametrize(
    ("raised", "more", "fails"),
    [
        (AssertionError("no"), {}, True),
        (AssertionError("no"), {"wasxfail": "known"}, False),
        (unittest.SkipTest("not here"), {}, False),
        (pytest.skip.Exception("not here"), {}, False),
    ],
)
def test_a_teams_test_may_be_skipped_or_expected_to_fail(
    pytester: pytest.Pytester,
    stages: Stages,
    raised: BaseException,
    more: dict[str, str],
    fails: bool,
) -> None:
    item = pytester.getitem(OURS.format(stage="stable"), "test_ours")
    outcome = SessionOutcome()
    reported(Runner(stages.rehearsal, outcome), item, raised=raised, **more)
    assert bool(outcome.failed) is fails


def test_the_automatic_rollbacks_failure_does_not_hide_the_first(
    stages: Stages, rollback: list[StageTest]
) -> None:
    outcome = SessionOutcome(failed=FAILED)
    runner = Runner(stages.rehearsal, outcome)
    for item in rollback[:2]:
        reported(runner, item, failed=True, longrepr=item.name)
    assert outcome.failed == FAILED
    assert outcome.rollback_failed
    assert outcome.rollback_failed.sentence == rollback[0].name


def test_a_broken_way_to_a_teams_test_is_told_as_the_error_that_it_is(
    pytester: pytest.Pytester, stages: Stages
) -> None:
    item = pytester.getitem(OURS.format(stage="stable"), "test_ours")
    outcome = SessionOutcome()
    runner = Runner(stages.rehearsal, outcome)
    error = ReleaseError("it broke")
    report = reported(runner, item, when="setup", failed=True, longrepr="trace", raised=error)
    assert outcome.failed == FailedTest(item.nodeid, "it broke", "stable", is_check=False)
    assert isinstance(report.longrepr, ErrorRepr)
    assert report.longrepr.failure.error is error
    theirs = reported(runner, item, failed=True, longrepr="trace", raised=AssertionError())
    assert theirs.longrepr == "trace"


def test_the_automatic_rollback_comes_before_the_cleanup_in_place_of_the_planned(
    pytester: pytest.Pytester, checks: Checks, rollback: list[StageTest]
) -> None:
    ours = pytester.getitem(OURS.format(stage="rollback"), "test_ours")
    canary, stable, cleanup = checks("canary"), checks("stable"), checks("cleanup")
    items = [*canary, *stable, *checks("rollback"), ours, *cleanup]
    replace_rollback(items, canary[0], rollback)
    assert items == [*canary, *stable, ours, *rollback, *cleanup]


def test_without_a_cleanup_the_automatic_rollback_is_the_last(
    checks: Checks, rollback: list[StageTest]
) -> None:
    canary = checks("canary")
    items: list[pytest.Item] = [*canary]
    replace_rollback(items, canary[-1], rollback)
    assert items == [*canary, *rollback]


@pytest.mark.parametrize(
    ("stage", "keeps", "live", "shouldfail", "rolls_back"),
    [
        ("", False, True, False, False),
        ("baseline", False, True, False, False),
        ("rollback", False, True, False, False),
        ("canary", False, True, False, True),
        ("migration", False, True, False, True),
        ("verdict", False, True, False, True),
        ("stable", False, True, False, True),
        ("canary", True, True, False, False),
        ("canary", False, False, False, False),
        ("canary", False, True, "stopping after 1 failure", False),
    ],
)
def test_the_release_is_rolled_back_once_after_a_failure_between_canary_and_stable(
    session: pytest.Session,
    checks: Checks,
    stages: Stages,
    stage: str,
    keeps: bool,
    live: bool,
    shouldfail: bool | str,
    rolls_back: bool,
) -> None:
    rehearsal: Any = SimpleNamespace(plan=stages.plan, entered=lambda _: live, load=stages.load)
    outcome = SessionOutcome(failed=FailedTest("x", "y", stage, is_check=True) if stage else None)
    plugin = AutomaticRollback(rehearsal, outcome, lambda: keeps)
    items: list[pytest.Item] = list(checks("canary"))
    session.items = items[:2]
    session.shouldfail = shouldfail
    for item in (items[0], items[1]):
        running = plugin.pytest_runtest_protocol(item)
        next(running)
        with pytest.raises(StopIteration):
            running.send(None)
    assert outcome.rolls_back is rolls_back
    added = [item for item in session.items if in_automatic_rollback(item)]
    assert bool(added) is rolls_back
    assert len(added) == len(set(added))


class Walked:
    """A rehearsal that writes down how it ends."""

    def __init__(self, plan: Plan, keep: Keep, begun: bool = True, tried: bool = False) -> None:
        self.plan = replace(plan, options=Options(keep=keep))
        self.begun, self._tried = begun, tried
        self.journal = Journal(self.plan, "a1b2c3", Redactor(["hunter2"]))
        self.did: list[str] = []
        run = SimpleNamespace(release=lambda: self.did.append("released"))
        self.workspace = SimpleNamespace(run=run)

    def entered(self, stage: str) -> bool:
        return stage in self.did

    def has_tried(self, stage: str) -> bool:
        return self._tried

    def keep(self) -> None:
        self.did.append("keep")

    def clean_up(self) -> None:
        self.did.append("cleanup")


def cleanup_of(
    walked: Walked,
    outcome: SessionOutcome,
    tell: Callable[[str], None] = print,
    reap: Callable[[bool, Callable[[str], None]], int] = lambda *_: 0,
) -> Cleanup:
    return Cleanup(cast("Rehearsal", walked), outcome, tell, reap)


@pytest.mark.parametrize(
    ("keep", "failed", "begun", "kept"),
    [
        ("never", FAILED, True, False),
        ("on-failure", None, True, False),
        ("on-failure", FAILED, True, True),
        ("always", None, True, True),
        ("always", FAILED, False, False),
    ],
)
def test_what_is_kept_is_not_cleaned_up(
    plan: Plan, checks: Checks, keep: Keep, failed: FailedTest | None, begun: bool, kept: bool
) -> None:
    walked, outcome = Walked(plan, keep, begun), SessionOutcome(failed=failed)
    cleanup = cleanup_of(walked, outcome)
    reason = "kept for a look; `pytest --canary-reap` removes it"
    assert skipped(cleanup, checks("cleanup")[0]) == (reason if kept else "")
    assert skipped(cleanup, checks("stable")[0]) == ""
    assert cleanup.finish() is None
    cleanup.release()
    assert outcome.kept is kept
    assert walked.did == ["keep" if kept else "cleanup", "released"]


@pytest.mark.parametrize("keep", ["never", "on-failure"])
def test_a_cleanup_that_was_tried_is_neither_tried_again_nor_kept(plan: Plan, keep: Keep) -> None:
    walked = Walked(plan, keep, tried=True)
    assert cleanup_of(walked, SessionOutcome(failed=FAILED)).finish() is None
    assert walked.did == []


def test_no_signal_interrupts_a_cleanup(plan: Plan, checks: Checks) -> None:
    outcome = SessionOutcome()
    cleanup = cleanup_of(Walked(plan, "never"), outcome)
    for stage, cleaning in (("stable", False), ("cleanup", True)):
        next(cleanup.pytest_runtest_protocol(checks(stage)[0]))
        assert outcome.cleaning is cleaning
    outcome = SessionOutcome()
    cleanup_of(Walked(plan, "never"), outcome).finish()
    assert outcome.cleaning


@pytest.mark.parametrize("known", [False, True])
def test_a_cleanup_that_fails_at_the_end_is_told_without_secrets_and_with_its_files(
    plan: Plan, known: bool
) -> None:
    error = ReleaseError("the namespace stays", "hunter2 was refused")

    class Broken(Walked):
        def clean_up(self) -> None:
            raise error

    broken = Broken(plan, "never")
    if known:
        shown = (error.sentence, "******** was refused")
        folder = Path("report/findings/c7f2a1/1")
        broken.journal.failures = [Failure("cleanup", error, *shown, folder, ("finding.txt",))]
    failure = cleanup_of(broken, SessionOutcome()).finish()
    assert failure
    assert (failure.sentence, failure.evidence) == ("the namespace stays", "******** was refused")
    assert bool(failure.files) is known


@pytest.mark.parametrize(
    ("collectonly", "items", "reaped"), [(False, 1, 1), (True, 1, 0), (False, 0, 0)]
)
def test_what_killed_runs_have_left_is_removed_before_anything_is_made(
    plan: Plan, collectonly: bool, items: int, reaped: int
) -> None:
    told: list[str] = []

    def reap(kept: bool, tell: Callable[[str], None]) -> int:
        tell(f"kept ones too: {kept}")
        raise ReleaseError("the engine does not answer")

    session: Any = SimpleNamespace(
        items=["an item"] * items,
        config=SimpleNamespace(option=SimpleNamespace(collectonly=collectonly)),
    )
    cleanup = cleanup_of(Walked(plan, "never"), SessionOutcome(), told.append, reap)
    running = cleanup.pytest_runtestloop(session)
    next(running)
    said = ["kept ones too: False", "canary: the engine does not answer"]
    assert told == said * reaped
