"""The end of a session: everything is removed, and what failed is told, whatever other plugins do.

A plugin may rerun, skip or swallow a failure, and its own end may fail. The exit code is the
walk's own all the same, and --junitxml has the failure.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_canary.context.evidence import failure_of
from pytest_canary.core.errors import CanaryError
from pytest_canary.core.wording import plural
from pytest_canary.plugin.items import StageTest, stage_of
from pytest_canary.plugin.pytest_internals import ErrorRepr
from pytest_canary.plugin.state import FailedTest, SessionOutcome

if TYPE_CHECKING:
    from pytest_canary.context.evidence import Failure
    from pytest_canary.plugin.recorder import Recorder
    from pytest_canary.plugin.runner import Cleanup

CLEANUP = "canary/cleanup::everything that the run made is deleted"

# The exit codes with which pytest shows what failed.
SHOWN = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.INTERRUPTED,
    pytest.ExitCode.USAGE_ERROR,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)


class Ending:
    """Cleans up, tells what no test has told, has the report written, and decides the exit code.

    Args:
        session: pytest's.
        outcome: how it went.
        cleanup: removes what the run made.
        recorder: writes the report.
        tell: writes a line for a person.
    """

    def __init__(
        self,
        session: pytest.Session,
        outcome: SessionOutcome,
        cleanup: Cleanup,
        recorder: Recorder,
        tell: Callable[[str], None],
    ) -> None:
        self._session = session
        self._outcome = outcome
        self._cleanup = cleanup
        self._recorder = recorder
        self._tell = tell
        self._told: set[str] = set()
        self._ran = self._ended = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Learn that tests are run, and not only collected or listed."""
        self._ran = not session.config.option.collectonly
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Learn which failures everybody has heard of."""
        if report.failed:
            self._told.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Come to the end before others do: some write what they have heard, some fail."""
        self._end()
        session.exitstatus = self._outcome.exit_code(session.exitstatus)
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_unconfigure(self) -> Generator[None, None, None]:
        """Have the last word on the exit code; and on what is left, where others failed before."""
        self._end()
        try:
            yield
        finally:
            self._cleanup.release()
            self._session.exitstatus = self._outcome.exit_code(self._session.exitstatus)

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        failure = self._cleanup.finish()
        if failure:
            self._outcome.cleanup_failed = FailedTest(CLEANUP, failure.sentence, "cleanup", True)
            self._report(CLEANUP, failure)
        if self._ran:
            self._report_untold()
        self._recorder.write()

    def _report_untold(self) -> None:
        for failed in self._outcome.failures:
            if failed.node_id not in self._told:
                advice = (
                    "next    a plugin reruns, skips or swallows what fails, so no test has told "
                    "this; leave that out, as with -p no:NAME"
                )
                error = CanaryError(failed.sentence, advice)
                self._report(failed.node_id, failure_of(failed.stage, error))
        if self._session.exitstatus == pytest.ExitCode.OK and not self._outcome.failures:
            self._report_unmade()

    def _report_unmade(self) -> None:
        checks = [item for item in self._session.items if isinstance(item, StageTest)]
        unmade = [
            item.nodeid
            for item in checks
            if not item.made and not (self._outcome.kept and stage_of(item) == "cleanup")
        ]
        if unmade:
            self._outcome.unmade = unmade
            error = CanaryError(
                f"{plural(len(unmade), 'check')} of the walk, this one first, did not come to an "
                "end, though nothing failed: a plugin or a conftest.py has skipped or stopped it",
                "next    see -rs, and leave that out, as with -p no:NAME; -k and -m choose checks",
            )
            self._report(unmade[0], failure_of("", error))

    def _report(self, node_id: str, failure: Failure) -> None:
        """Tell it as a test does, so that everybody who listens hears of it."""
        name = node_id.partition("::")
        shown = ErrorRepr(failure, Path(name[0]))
        if self._session.exitstatus not in SHOWN:
            self._tell(f"\ncanary: {shown}")
        hook, location = self._session.config.hook, (name[0], 0, name[2])
        hook.pytest_runtest_logstart(nodeid=node_id, location=location)
        for when in ("setup", "call", "teardown"):
            told = when == "call"
            report = pytest.TestReport(
                nodeid=node_id,
                location=location,
                keywords={},
                outcome="failed" if told else "passed",
                longrepr=shown if told else None,
                when=when,
            )
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=node_id, location=location)
