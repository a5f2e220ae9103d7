"""A stage's checks as pytest's items."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes.stages import Checks, Stages

from pytest_canary.config.plan import Plan
from pytest_canary.context.evidence import Evidence, Failure
from pytest_canary.context.journal import Journal
from pytest_canary.context.report_folder import ReportFolder
from pytest_canary.context.stage import Check
from pytest_canary.core.errors import NotApplicable, ReleaseError
from pytest_canary.plugin.items import StageTest, keep_evidence, stage_of
from pytest_canary.plugin.pytest_internals import ErrorRepr
from pytest_canary.plugin.signals import Stopped


def holding(item: StageTest, error: Exception | None = None) -> list[object]:
    """What the item's check is given, which ends with this error."""
    given: list[object] = []

    def check(rehearsal: object) -> None:
        given.append(rehearsal)
        if error:
            raise error

    item.check = Check(item.name, check, check)
    return given


def test_a_check_has_a_short_node_id_and_says_what_must_hold(checks: Checks) -> None:
    item = checks("canary")[0]
    assert item.nodeid == "canary/canary::shop-canary is deployed"
    assert stage_of(item) == "canary"


def test_a_check_looks_once_its_stage_is_entered(checks: Checks, stages: Stages) -> None:
    item = checks("canary")[0]
    given = holding(item)
    item.runtest()
    assert stages.there == ["canary"]
    assert given == [stages]


def test_a_check_does_not_look_where_its_stage_can_not_be_entered(
    checks: Checks, stages: Stages
) -> None:
    item = checks("canary")[0]
    given = holding(item)
    stages.broken = ReleaseError("it broke")
    with pytest.raises(ReleaseError):
        item.runtest()
    assert given == []


def test_what_does_not_apply_is_skipped(checks: Checks) -> None:
    item = checks("canary")[0]
    holding(item, NotApplicable("only the script knows"))
    with pytest.raises(pytest.skip.Exception, match="only the script knows"):
        item.runtest()


def test_an_error_of_ours_is_shown_as_a_sentence_without_secrets(checks: Checks) -> None:
    with pytest.raises(ReleaseError) as error:
        raise ReleaseError("hunter2 is wrong", "seen\nso")
    shown = checks("canary")[0].repr_failure(error)
    assert isinstance(shown, ErrorRepr)
    assert str(shown) == "******** is wrong\n    seen\n    so"


def test_another_error_is_shown_as_pytest_does(checks: Checks) -> None:
    with pytest.raises(ZeroDivisionError) as error:
        print(1 / 0)
    assert "ZeroDivisionError" in str(checks("canary")[0].repr_failure(error))


def test_a_failure_whose_evidence_can_not_be_collected_is_told_all_the_same(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    journal, error = Journal(plan, "c7f2a1"), ReleaseError("it broke", "the log")

    def collect(stage: str, error: BaseException) -> Failure:
        raise LookupError("a mistake of ours")

    evidence = Evidence(ReportFolder(Path("report"), "c7f2a1"))
    workspace = SimpleNamespace(evidence=evidence)
    rehearsal: Any = SimpleNamespace(keep_evidence=collect, journal=journal, workspace=workspace)
    failure = keep_evidence(rehearsal, "canary", error)
    assert (failure.sentence, failure.evidence, failure.files) == ("it broke", "the log", ())
    path = "report/findings/c7f2a1/LookupError.txt"
    assert journal.notes["canary"] == [
        "its evidence can't be kept: LookupError: a mistake of ours; its traceback is in " + path
    ]
    assert "in collect" in Path(path).read_text()
    journal.failures.append(failure)
    assert keep_evidence(rehearsal, "canary", error) is failure


def test_a_signal_ends_the_session_while_evidence_is_collected(plan: Plan) -> None:
    def stopped(*_: object) -> None:
        raise Stopped("SIGTERM")

    rehearsal: Any = SimpleNamespace(keep_evidence=stopped)
    with pytest.raises(Stopped):
        keep_evidence(rehearsal, "canary", ReleaseError("it broke"))
