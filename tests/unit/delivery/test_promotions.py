"""Whether a promotion starts by itself, as its condition has it."""

import pytest

from pytest_canary.core.errors import SettingsError
from pytest_canary.delivery.promotions import starts
from pytest_canary.jobs.order import End
from pytest_canary.pipelines.pipeline import Promotion

MASTER = {"branch": "master", "tag": "", "pull_request": ""}
FAILED, PASSED = End("failed", "test"), End("passed")


@pytest.mark.parametrize(
    ("when", "end", "expected"),
    [
        ("result = 'failed'", FAILED, True),
        ("result = 'failed'", PASSED, False),
        ("result = 'failed' and branch = 'develop'", FAILED, False),
        ("result = 'failed' and result_reason = 'test'", FAILED, True),
        ("change_in('/app') and result = 'passed'", PASSED, True),
        ("true", FAILED, True),
        (None, FAILED, False),
    ],
)
def test_the_condition_says_so(when: str | None, end: End, expected: bool) -> None:
    assert starts(Promotion("Back", 1, when, deprecated=False), end, MASTER) is expected


def test_what_is_deprecated_counts_too() -> None:
    old = Promotion("Back", 1, None, deprecated=True, results=("failed",))
    assert starts(old, FAILED, MASTER)
    assert not starts(old, PASSED, MASTER)


def test_a_condition_that_can_not_be_evaluated_is_told() -> None:
    wrong = Promotion("Back", 1, "nothing('x')", deprecated=False)
    with pytest.raises(SettingsError) as raised:
        starts(wrong, FAILED, MASTER)
    assert raised.value.sentence.startswith(
        "promotion Back: its condition \"nothing('x')\" can't be evaluated: there is no function"
    )
