"""What a session leaves to be read: how each check ended, the report, and CI's summary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from pytest_canary.config.git import git
from pytest_canary.core.errors import CanaryError
from pytest_canary.plugin.items import StageTest

if TYPE_CHECKING:
    from pytest_canary.config.promotion import Promotion
    from pytest_canary.rehearsal.rehearsal import Walk


def sentence_of(report: pytest.TestReport) -> str:
    """Why a test failed, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    told = str(crash.message if crash else report.longrepr).splitlines()
    return told[0] if told else "it says nothing"


class Recording:
    """Keeps what the report tells, and writes it when the walk has ended.

    Args:
        config: the session's.
        walk: what is rehearsed.
    """

    def __init__(self, config: pytest.Config, walk: Walk) -> None:
        self.config = config
        self.walk = walk
        self.stopped_by = ""
        self.page: Path | None = None

    def note(self, report: pytest.TestReport, item: pytest.Item, stage: str) -> None:
        """Keep how a test ended; one that was set up has not ended."""
        if report.when == "teardown" or (report.when == "setup" and report.passed):
            return
        from pytest_canary.context.context import Checked

        message = evidence = ""
        if report.skipped:
            told = report.longrepr
            message = str(told[2] if isinstance(told, tuple) else told).removeprefix("Skipped: ")
        elif report.failed:
            error = getattr(report.longrepr, "error", None)
            message = sentence_of(report)
            evidence = error.evidence if error else report.longreprtext
        self.walk.memory.checked.append(
            Checked(
                stage=stage,
                sentence=item.name if isinstance(item, StageTest) else item.nodeid,
                result=report.outcome,
                seconds=report.duration,
                ended=self.walk.timeline.now(),
                message=message,
                evidence=evidence,
                rescues=isinstance(item, StageTest) and item.parent.rescues,
            )
        )

    def promotion(self, *, passed: bool) -> Promotion:
        """Whether the release that was rehearsed may be promoted."""
        from pytest_canary.config.promotion import promotion
        from pytest_canary.config.revision import revision

        settings = self.walk.settings

        def here(*words: str) -> str:
            return git(settings.root, *words)

        return promotion(
            passed=passed,
            revision=revision(os.environ, here),
            condition=settings.promotion,
        )

    def write(
        self, result: Literal["passed", "failed", "stopped"], promotion: Promotion | None
    ) -> str:
        """Write the report, once, if anything was walked.

        Returns:
            What kept it from being written, for a person; empty where nothing did.
        """
        if self.page or not self.walk.memory.checked:
            return ""
        from pytest_canary import reporting
        from pytest_canary.reporting.compose import compose

        try:
            document = compose(self.walk, result, promotion, self.stopped_by)
            self._tell_junit(reporting.junit_properties(document))
            evidence = self.walk.evidence
            written = reporting.write(document, evidence.prepare())
            self.page = evidence.shown / written[0].name
            reporting.append_ci_summary(reporting.summary_markdown(document), os.environ)
        except (CanaryError, OSError) as error:
            return str(error)
        return ""

    def _tell_junit(self, figures: list[tuple[str, str]]) -> None:
        """The figures as properties of the suite, where --junitxml is written."""
        from _pytest.junitxml import xml_key

        xml = self.config.stash.get(xml_key, None)
        if xml:
            for name, value in figures:
                xml.add_global_property(name, value)
