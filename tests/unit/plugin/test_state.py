"""How a session went, from what its objects have noted."""

import pytest

from pytest_canary.plugin.state import FailedTest, SessionOutcome

FAILED = FailedTest("canary/canary::it holds", "it does not", "canary", is_check=True)
PLANNED = {"canary": 3, "rollback": 2, "cleanup": 2}


@pytest.mark.parametrize(
    ("held", "kept", "passed"),
    [(7, False, True), (6, False, False), (7, True, True), (5, True, True), (4, True, False)],
)
def test_every_check_has_to_hold_but_for_a_cleanup_that_is_put_off(
    held: int, kept: bool, passed: bool
) -> None:
    assert SessionOutcome(PLANNED, held, kept=kept).passed is passed


def test_nothing_passes_that_has_no_check() -> None:
    assert not SessionOutcome().passed
    assert not SessionOutcome(kept=True).passed


@pytest.mark.parametrize(
    ("outcome", "decided"),
    [
        (SessionOutcome(PLANNED, 7), True),
        (SessionOutcome(PLANNED, 6), False),
        (SessionOutcome(PLANNED, 1, failed=FAILED), True),
        (SessionOutcome({"canary": 3, "cleanup": 2}, 5), False),
    ],
)
def test_a_promotion_is_decided_by_a_failure_or_a_way_there_and_back(
    outcome: SessionOutcome, decided: bool
) -> None:
    assert outcome.decided is decided


def test_a_failure_is_the_reason_to_skip_others_and_is_short() -> None:
    assert FAILED.reason == "canary/canary::it holds failed: it does not"
    long = FailedTest("canary/canary::it", "word " * 40, "canary", is_check=True)
    assert long.reason.endswith("word…")
    assert len(long.reason) <= len("canary/canary::it failed: ") + 100
