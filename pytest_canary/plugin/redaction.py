"""What pytest shows of a session, whoever wrote it: without secrets, and harmless."""

from __future__ import annotations

import warnings
from collections.abc import Generator

import pytest

from pytest_canary.core.masking import Redactor
from pytest_canary.plugin.pytest_internals import (
    ExceptionRepr,
    redact_error,
    redact_interrupt,
    redact_logs,
    redact_report,
)


class Redaction:
    """Takes the secrets out of what is told before anybody else has read it.

    A test may assert on an answer of the app's, or print one; a library may log it, or warn of it.
    What a test prints with `-s`, it writes past pytest, and is its own; the harness prints nothing.

    Args:
        config: the session's.
        redactor: knows the secrets.
    """

    def __init__(self, config: pytest.Config, redactor: Redactor) -> None:
        self._config = config
        self._redactor = redactor

    def pytest_configure(self) -> None:
        """Of what is logged, as it comes; called when this object is registered."""
        redact_logs(self._config, self._redactor.redact)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Of how a test ended: why it failed, what it has printed, its properties."""
        report = yield
        redact_report(report, self._redactor.redact)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of what others have added to that, such as why a failure was expected."""
        redact_report(report, self._redactor.redact)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Of how a file was collected."""
        report = yield
        redact_report(report, self._redactor.redact)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Of a warning; that of a thread's end has a traceback."""
        told = str(warning_message.message)
        shown = self._redactor.redact(told)
        if shown != told:
            warning_message.message = shown

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: ExceptionRepr) -> None:
        """Of an error that is no test's: a plugin's, or ours."""
        redact_error(excrepr, self._redactor.redact)

    @pytest.hookimpl(trylast=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Of where Ctrl-C or a signal came; --full-trace has the arguments of each call."""
        redact_interrupt(self._config, self._redactor.redact)
