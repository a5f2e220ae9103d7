"""What pytest shows of a test, whoever wrote it: without secrets."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_canary.core.masking import Redactor
from pytest_canary.plugin.pytest_internals import redact_report


class Redaction:
    """Takes the secrets out of reports before anybody else has read them.

    A test may assert on an answer of the app's, or print one. What it prints with `-s`, it writes
    past pytest.

    Args:
        redactor: knows the secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Of how a test ended: why it failed, what it has printed, its properties."""
        report = yield
        redact_report(report, self._redactor.redact)
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Of how a file was collected."""
        report = yield
        redact_report(report, self._redactor.redact)
        return report
