"""What is run, and what no longer: stages entered, tests skipped, the way back, the cleanup."""

from __future__ import annotations

import sys
import unittest
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

from pytest_canary.context.evidence import failure_of
from pytest_canary.core.errors import CanaryError
from pytest_canary.plugin.items import (
    StageFile,
    StageTest,
    in_automatic_rollback,
    keep_evidence,
    stage_of,
)
from pytest_canary.plugin.pytest_internals import (
    STAGE_PROPERTY,
    WARNINGS_PROPERTY,
    ErrorRepr,
    failure_message,
    is_expected_failure,
    skip_item,
)
from pytest_canary.plugin.state import FailedTest, SessionOutcome

if TYPE_CHECKING:
    from pytest_canary.context.evidence import Failure
    from pytest_canary.rehearsal.rehearsal import Rehearsal

AUTOMATIC_ROLLBACK = "automatic_rollback"


class Runner:
    """Enters the stage of a team's test, skips what has become pointless, learns how each ended.

    Args:
        rehearsal: what is brought to the stages.
        outcome: learns it.
    """

    def __init__(self, rehearsal: Rehearsal, outcome: SessionOutcome) -> None:
        self._rehearsal = rehearsal
        self._outcome = outcome
        self._warned = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip what a failure has made pointless; come to the stage of a team's test."""
        failed = self._find_obstacle(item)
        if failed:
            skip_item(failed.reason)
        # A stage's own check enters it itself; the cleanup is entered by nothing else.
        if isinstance(item, StageTest) or stage_of(item) == "cleanup":
            return
        if why := self._rehearsal.load(stage_of(item)).skips(self._rehearsal.plan):
            skip_item(why)
        self._rehearsal.enter(stage_of(item))

    def _find_obstacle(self, item: pytest.Item) -> FailedTest | None:
        """The failure that makes a test pointless."""
        stage, failed = stage_of(item), self._outcome.failed
        if stage == "cleanup":
            return None
        if in_automatic_rollback(item):
            done = self._rehearsal.entered(AUTOMATIC_ROLLBACK)
            return None if done else self._outcome.rollback_failed
        if failed and failed.is_check and failed.stage == stage and self._rehearsal.entered(stage):
            # It stands where it should, and its other checks have something to say.
            return None
        return failed

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Remember how a test ended, keep a failure's evidence, tell --junitxml its stage."""
        report = yield
        stage, seconds = stage_of(item), self._outcome.seconds
        seconds[stage] = seconds.get(stage, 0) + report.duration
        error = find_error(item, report, call)
        if error:
            self._keep_evidence(item, report, error)
        if report.failed:
            # As it is shown now: the error's own sentence, without secrets.
            self._remember(item, failure_message(report))
        elif error:
            self._remember(item, failure_of(stage, error, self._redact).sentence)
        if report.when == "call":
            self._outcome.held += report.passed and isinstance(item, StageTest)
            # --junitxml reads the item's own, at its teardown.
            item.user_properties.append((STAGE_PROPERTY, stage))
            if self._rehearsal.journal.notes.get(stage):
                figures = "; ".join(self._rehearsal.journal.notes[stage])
                item.user_properties.append(("canary.figures", figures))
            self._name_warnings(item, report)
        return report

    def _name_warnings(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Name the warnings that were told while a test ran, in its properties and its report's."""
        warnings = self._rehearsal.journal.warnings
        codes = dict.fromkeys(each.finding.code for each in warnings[self._warned :])
        self._warned = len(warnings)
        if codes:
            named = (WARNINGS_PROPERTY, ", ".join(codes))
            item.user_properties.append(named)
            report.user_properties.append(named)

    def _remember(self, item: pytest.Item, sentence: str) -> None:
        """Remember the first failure, and the automatic rollback's own."""
        test = FailedTest(item.nodeid, sentence, stage_of(item), isinstance(item, StageTest))
        if in_automatic_rollback(item):
            self._outcome.rollback_failed = self._outcome.rollback_failed or test
        else:
            self._outcome.failed = self._outcome.failed or test

    def _redact(self, text: str) -> str:
        return self._rehearsal.journal.redactor.redact(text)

    def _keep_evidence(
        self, item: pytest.Item, report: pytest.TestReport, error: BaseException
    ) -> None:
        failure = keep_evidence(self._rehearsal, stage_of(item), error)
        if report.failed and report.when == "setup" and isinstance(error, CanaryError):
            # The way to a team's test: the error itself, and not where it was raised.
            report.longrepr = ErrorRepr(failure, item.path)


def find_error(
    item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]
) -> BaseException | None:
    """Why a test failed, also where its report says otherwise as a plugin swallows failures.

    A team's test may expect to fail; a stage's check never does.
    """
    if isinstance(item, StageTest) and item.error and report.when == "call":
        return item.error
    error = call.excinfo.value if call.excinfo else None
    skipped = isinstance(error, (pytest.skip.Exception, unittest.SkipTest))
    return None if skipped or is_expected_failure(report) else error


class AutomaticRollback:
    """Puts the automatic rollback in the place of the planned one, once, after a failure.

    Args:
        rehearsal: what is rolled back.
        outcome: whether something has failed, and where.
        keeps: whether everything is left as it is instead.
    """

    def __init__(
        self, rehearsal: Rehearsal, outcome: SessionOutcome, keeps: Callable[[], bool]
    ) -> None:
        self._rehearsal = rehearsal
        self._outcome = outcome
        self._keeps = keeps

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Go another way from here on, if this test has failed."""
        result = yield
        if self._is_due(item.session):
            found = StageFile.of(item.session, self._rehearsal, AUTOMATIC_ROLLBACK)
            replace_rollback(item.session.items, item, list(found.collect()))
            self._outcome.rolls_back = True
        return result

    def _is_due(self, session: pytest.Session) -> bool:
        failed = self._outcome.failed
        if self._outcome.rolls_back or failed is None:
            return False
        if not self._rehearsal.load(failed.stage).rolls_back or self._keeps():
            return False
        # Where nothing was live there is nothing to go back to; -x ends the session right here.
        return self._rehearsal.entered("baseline") and not session.shouldfail


def replace_rollback(
    items: list[pytest.Item], after: pytest.Item, rollback: list[StageTest]
) -> None:
    """Take the planned rollback out of what is left to run, and put another one in.

    Args:
        items: what a session runs, in its order; changed in place, as pytest goes through it.
        after: the item that is being run.
        rollback: comes after what is skipped, and before the cleanup.
    """
    begin = items.index(after) + 1
    left = [
        item
        for item in items[begin:]
        if not (isinstance(item, StageTest) and stage_of(item) == "rollback")
    ]
    cleanup = (place for place, item in enumerate(left) if stage_of(item) == "cleanup")
    at = next(cleanup, len(left))
    items[begin:] = [*left[:at], *rollback, *left[at:]]


class Cleanup:
    """Removes what killed runs have left, and in the end what this run has made; or keeps it.

    Args:
        rehearsal: what is cleaned up; its run is given back when all is over.
        outcome: learns whether it is kept.
        tell: writes a line for a person.
        reap: removes what killed runs have left.
    """

    def __init__(
        self,
        rehearsal: Rehearsal,
        outcome: SessionOutcome,
        tell: Callable[[str], None],
        reap: Callable[[bool, Callable[[str], None]], int],
    ) -> None:
        self._rehearsal = rehearsal
        self._outcome = outcome
        self._tell = tell
        self._reap_runs = reap

    def keeps(self) -> bool:
        """Whether everything is to stay, as far as is known by now; the outcome learns it too."""
        keep = self._rehearsal.plan.options.keep
        asked = keep == "always" or (keep == "on-failure" and self._outcome.failed is not None)
        self._outcome.kept = asked and self._rehearsal.begun
        return self._outcome.kept

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Remove what killed runs have left before anything new is made."""
        if not session.config.option.collectonly and session.items:
            self._reap()
        return (yield)

    def _reap(self) -> None:
        try:
            self._reap_runs(False, self._tell)
        except CanaryError as error:
            self._tell(f"canary: {error}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip the cleanup where everything is kept."""
        if stage_of(item) == "cleanup" and self.keeps():
            skip_item("kept for a look; `pytest --canary-reap` removes it")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Let no signal interrupt the cleanup."""
        self._outcome.cleaning = self._outcome.cleaning or stage_of(item) == "cleanup"
        return (yield)

    def finish(self) -> Failure | None:
        """Clean up where the session did not come to its own cleanup: after -x, -k or Ctrl-C.

        Returns:
            Why that failed, if it did.
        """
        self._outcome.cleaning = True
        if self._rehearsal.has_tried("cleanup"):
            return None
        if self.keeps():
            self._rehearsal.keep()
            return None
        try:
            self._rehearsal.clean_up()
        except Exception as error:
            journal = self._rehearsal.journal
            known = (each for each in journal.failures if each.error is error)
            return next(known, None) or failure_of("cleanup", error, journal.redactor.redact)
        return None

    def release(self) -> None:
        """Let other runs reap what this one has kept."""
        self._rehearsal.workspace.run.release()


def reap() -> int:
    """`--canary-reap`: remove what earlier runs kept or left; 0, or 1 where something stays."""
    from pytest_canary.plugin import parts

    try:
        removed = parts.reap(True, print)
    except CanaryError as error:
        print(f"canary: {error}", file=sys.stderr)
        return 1
    print(f"canary: runs removed: {removed}" if removed else "canary: nothing was left")
    return 0
