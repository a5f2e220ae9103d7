"""What a session leaves to be read: how each test ended, the report, and CI's summary."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from pytest_canary.config.git import git
from pytest_canary.config.promotion import Promotion, promotion
from pytest_canary.config.revision import revision
from pytest_canary.context import system_info
from pytest_canary.context.outcomes import CheckResult
from pytest_canary.core.errors import CanaryError
from pytest_canary.plugin.items import StageTest, in_automatic_rollback, stage_of
from pytest_canary.plugin.pytest_internals import (
    add_suite_property,
    failure_evidence,
    failure_message,
    skip_reason,
)
from pytest_canary.plugin.state import SessionOutcome

if TYPE_CHECKING:
    from pytest_canary.plugin.parts import ReportWriter
    from pytest_canary.rehearsal.rehearsal import Rehearsal
    from pytest_canary.reporting.document import Report


class Recorder:
    """Keeps what the report tells, and writes it when the rehearsal has ended.

    Attributes:
        page: the report's, as a person would name it; None where it isn't written.

    Args:
        config: the session's.
        rehearsal: what is rehearsed.
        outcome: how it goes.
        tell: writes a line for a person.
        writer: writes a report's files.
    """

    def __init__(
        self,
        config: pytest.Config,
        rehearsal: Rehearsal,
        outcome: SessionOutcome,
        tell: Callable[[str], None],
        writer: ReportWriter,
    ) -> None:
        self.page: Path | None = None
        self._written = False
        self._config = config
        self._rehearsal = rehearsal
        self._outcome = outcome
        self._tell = tell
        self._writer = writer

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Take the report's folder, note what the tests run on; write the report after them."""
        if not session.config.option.collectonly and session.items:
            # Before anybody else has put something there, such as --junitxml its file. Why it
            # can't be had is told when there is something to put into it.
            with contextlib.suppress(CanaryError, OSError):
                self._rehearsal.workspace.report_folder.prepare()
            self._rehearsal.journal.keep_environment(
                system_info.local(self._rehearsal.plan, self._rehearsal.workspace.processes)
            )
        result = yield
        self._outcome.finished = True
        if self._rehearsal.entered("cleanup"):
            self.write()
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin with the report while the cleanup waits."""
        if stage_of(item) == "cleanup":
            with self._go_on_without("the report"):
                self._writer.prepare()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how a test ended; one that was set up has not ended."""
        report = yield
        if report.when == "call" or (report.when == "setup" and not report.passed):
            journal = self._rehearsal.journal
            journal.keep_check(result_of(item, report, ended=journal.timeline.now()))
        return report

    def pytest_unconfigure(self) -> None:
        """End what has nothing to write; let later runs take this one's evidence away."""
        self._writer.close()
        self._rehearsal.workspace.report_folder.release()

    def promotion(self, *, passed: bool) -> Promotion:
        """Whether the release may be promoted, as its rehearsal has passed or has not."""
        settings = self._rehearsal.plan.settings

        def here(*words: str) -> str:
            return git(settings.root, *words, processes=self._rehearsal.workspace.processes)

        return promotion(
            passed=passed,
            revision=revision(os.environ, here),
            condition=settings.promotion,
        )

    @property
    def _result(self) -> Literal["passed", "failed", "stopped"]:
        if self._outcome.failures or self._outcome.unmade:
            return "failed"
        return "passed" if self._outcome.finished else "stopped"

    def write(self) -> None:
        """Leave what is to be read, once, if anything was rehearsed; nothing of it ends the run."""
        if self._written or not self._rehearsal.journal.checks:
            return
        with self._go_on_without("the report"):
            from pytest_canary import reporting

            document = self._compose()
            with self._go_on_without("the figures for --junitxml"):
                for name, value in reporting.junit_properties(document):
                    add_suite_property(self._config, name, value)
            # Before this run's takes its place.
            before = reporting.last(self._rehearsal.workspace.report_folder.path, document)
            with self._go_on_without("the report"):
                self._put(document)
            with self._go_on_without("the summary for CI"):
                summary = reporting.summary_markdown(document, before)
                reporting.append_ci_summary(summary, os.environ)
        self._written = True

    def _compose(self) -> Report:
        from pytest_canary.reporting.compose import compose

        result = self._result
        decision = self.promotion(passed=result == "passed") if self._outcome.decided else None
        return compose(self._rehearsal.journal, result, decision, self._outcome.stopped_by)

    def _put(self, document: Report) -> None:
        """Put the report in the place of an earlier one, with which its evidence goes."""
        folder = self._rehearsal.workspace.report_folder
        written = self._writer.write(document, folder.prepare())
        self.page = folder.shown / written[0].name
        folder.clear()

    @contextlib.contextmanager
    def _go_on_without(self, what: str) -> Iterator[None]:
        """Go on after an error, and tell what there won't be."""
        try:
            yield
        except CanaryError as error:
            self._tell(f"\ncanary: {error}")
        except OSError as error:
            self._tell(f"\ncanary: {what} can't be written: {error}")
        except Exception as error:
            redact = self._rehearsal.journal.redactor.redact
            told = self._rehearsal.workspace.evidence.keep_traceback(error, redact)
            self._tell(f"\ncanary: {what} can't be made: {told}")


def result_of(item: pytest.Item, report: pytest.TestReport, ended: float) -> CheckResult:
    """How a test ended, as the report tells it.

    Args:
        item: the test.
        report: pytest's, of its end.
        ended: seconds since the rehearsal began.
    """
    message = evidence = ""
    if report.skipped:
        message = skip_reason(report)
    elif report.failed:
        message, evidence = failure_message(report), failure_evidence(report)
    return CheckResult(
        stage=stage_of(item),
        sentence=item.name if isinstance(item, StageTest) else item.nodeid,
        result=report.outcome,
        seconds=report.duration,
        ended=ended,
        message=message,
        evidence=evidence,
        automatic=in_automatic_rollback(item),
    )
