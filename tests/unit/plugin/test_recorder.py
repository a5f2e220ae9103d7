"""How a test's end is written down for the report."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes.stages import Checks

from pytest_canary.context.evidence import failure_of
from pytest_canary.core.errors import ReleaseError
from pytest_canary.plugin.pytest_internals import ErrorRepr
from pytest_canary.plugin.recorder import result_of


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
