"""A stage's checks as pytest's items."""

from __future__ import annotations

import pytest
from fakes.stages import Checks, Stages

from pytest_canary.context.stage import Check
from pytest_canary.core.errors import NotApplicable, ReleaseError
from pytest_canary.plugin.items import StageTest, stage_of
from pytest_canary.plugin.pytest_internals import ErrorRepr


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
