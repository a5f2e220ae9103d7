"""How a test's end is written down for the report, and what becomes of that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes.stages import Checks

from pytest_canary.config.plan import Plan
from pytest_canary.context.evidence import Evidence, failure_of
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import CheckResult
from pytest_canary.context.report_folder import ReportFolder
from pytest_canary.core.errors import ReleaseError
from pytest_canary.core.masking import Redactor
from pytest_canary.plugin.pytest_internals import ErrorRepr
from pytest_canary.plugin.recorder import Recorder, result_of
from pytest_canary.plugin.signals import Stopped
from pytest_canary.plugin.state import SessionOutcome
from pytest_canary.reporting.document import Report


def report(**given: Any) -> Any:
    """pytest's."""
    return SimpleNamespace(
        **{
            "outcome": "passed",
            "duration": 2.0,
            "skipped": False,
            "failed": False,
            "longrepr": None,
        }
        | given
    )


def test_a_check_is_called_by_its_sentence(checks: Checks) -> None:
    item = checks("canary")[0]
    found = result_of(item, report(), ended=7.0)
    assert (found.stage, found.sentence) == ("canary", "shop-canary is deployed")
    assert (found.result, found.seconds, found.ended) == ("passed", 2.0, 7.0)
    assert (found.message, found.evidence, found.automatic) == ("", "", False)


def test_a_teams_test_is_called_by_its_node_id(pytester: pytest.Pytester) -> None:
    source = 'import pytest\n@pytest.mark.canary("stable")\ndef test_func(): pass\n'
    item = pytester.getitem(source)
    found = result_of(item, report(), ended=0)
    assert (found.stage, found.sentence) == ("stable", item.nodeid)


def test_an_error_of_ours_is_its_sentence_and_evidence(checks: Checks) -> None:
    error = ReleaseError("it broke", "seen\nso")
    shown = ErrorRepr(failure_of("canary", error), Path("canary/canary"))
    found = result_of(
        checks("canary")[0], report(outcome="failed", failed=True, longrepr=shown), ended=0
    )
    assert (found.message, found.evidence) == ("it broke", "seen\nso")


def test_another_failure_is_its_first_line_and_traceback(checks: Checks) -> None:
    crash = SimpleNamespace(reprcrash=SimpleNamespace(message="assert 1 == 2\n  more"))
    failed = report(outcome="failed", failed=True, longrepr=crash, longreprtext="the traceback")
    found = result_of(checks("canary")[0], failed, ended=0)
    assert (found.message, found.evidence) == ("assert 1 == 2", "the traceback")


@pytest.mark.parametrize("longrepr", [("file", 1, "Skipped: not today"), "Skipped: not today"])
def test_a_skipped_one_has_its_reason(checks: Checks, longrepr: object) -> None:
    skipped = report(outcome="skipped", skipped=True, longrepr=longrepr)
    assert result_of(checks("canary")[0], skipped, ended=0).message == "not today"


class Leaving:
    """A rehearsal that has ended, and the recorder that leaves its report.

    Attributes:
        told: what a person was told of it.
        wrong: what goes wrong as the report is written.
    """

    def __init__(self, plan: Plan, config: pytest.Config) -> None:
        self.told: list[str] = []
        self.wrong: BaseException | None = None
        folder = ReportFolder(Path("report"), "c7f2a1")
        journal = Journal(plan, folder.run, Redactor(["hunter2"]))
        journal.checks.append(CheckResult("canary", "it holds", "passed", 1, 1))
        workspace = SimpleNamespace(report_folder=folder, evidence=Evidence(folder))
        rehearsal: Any = SimpleNamespace(journal=journal, workspace=workspace, plan=plan)
        self.recorder = Recorder(config, rehearsal, SessionOutcome(), self.told.append, self)

    def prepare(self) -> None:
        """Nothing takes long."""

    def write(self, report: Report, folder: Path) -> list[Path]:
        if self.wrong:
            raise self.wrong
        return [folder / "report.html"]

    def close(self) -> None:
        """Nothing was begun."""


@pytest.fixture
def leaving(
    plan: Plan, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Leaving]:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    made = Leaving(plan, pytester.parseconfigure())
    yield made
    made.recorder.pytest_unconfigure()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (ReleaseError("it can't be"), "it can't be"),
        (OSError(28, "No space left"), "the report can't be written: [Errno 28] No space left"),
        (
            LookupError("hunter2\nis lost"),
            "the report can't be made: LookupError: ********; its traceback is in "
            "report/findings/c7f2a1/LookupError.txt",
        ),
    ],
)
def test_what_goes_wrong_with_the_report_is_told_once(
    leaving: Leaving, wrong: Exception, told: str
) -> None:
    leaving.wrong = wrong
    leaving.recorder.write()
    leaving.recorder.write()
    assert leaving.told == [f"\ncanary: {told}"]
    assert leaving.recorder.page is None


def test_a_report_takes_the_evidence_of_runs_that_are_gone_away(leaving: Leaving) -> None:
    gone = ReportFolder(Path("report"), "0a77e2")
    old = gone.prepare_findings()
    gone.release()
    leaving.recorder.write()
    assert leaving.recorder.page == Path("report/report.html")
    assert (leaving.told, old.exists()) == ([], False)


def test_a_report_that_is_not_there_takes_nothing_away(leaving: Leaving) -> None:
    gone = ReportFolder(Path("report"), "0a77e2")
    old = gone.prepare_findings()
    gone.release()
    leaving.wrong = OSError(28, "No space left")
    leaving.recorder.write()
    assert old.exists()


def test_a_signal_ends_the_session_while_the_report_is_written(leaving: Leaving) -> None:
    leaving.wrong = Stopped("SIGTERM")
    with pytest.raises(Stopped):
        leaving.recorder.write()
    assert leaving.told == []
    leaving.wrong = None
    leaving.recorder.write()
    assert leaving.recorder.page, "it is written at the session's end, once all is cleaned up"
