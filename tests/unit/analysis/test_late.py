"""After its verdict a canary is stopped for what it does worse, and for nothing else."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from fakes.observed import requests, within
from fakes.verdicts import holding

from pytest_canary.analysis.comparison import Comparison
from pytest_canary.analysis.late import Afterwards, judge_late, late_findings
from pytest_canary.analysis.memory import Memory
from pytest_canary.analysis.requests import Requests
from pytest_canary.config.settings import VerdictSettings

ASKED = 60
"""Requests to each in the 12 s that a promotion takes."""


def asked(slow: Sequence[bool] = (), **columns: Any) -> Requests:
    """So many at the pace of before and after a verdict; some of them take 3 s."""
    slow = slow or [False] * ASKED
    seconds = [3.0 if each else 0.02 for each in slow]
    return requests(ASKED, seconds=seconds, window=12.0, **columns)


def judged(**seen: Any) -> dict[str, Comparison]:
    """What is found where all but this is well."""
    well: dict[str, Any] = {"baseline": requests(400), "stable": asked(), "canary": asked()}
    found = judge_late(Afterwards(**well | seen), VerdictSettings(), 1.0)
    return {each.metric: each for each in found}


def told(**seen: Any) -> list[str]:
    """The sentences that stop it."""
    return [each.sentence for each in late_findings(judged(**seen).values())]


def every(other: int) -> list[bool]:
    return [each % other == 0 for each in range(ASKED)]


def test_a_canary_that_stays_as_it_was_is_not_stopped() -> None:
    assert {each.answer for each in judged().values()} == {"go", "inconclusive"}
    assert told() == []


def test_a_leak_that_shows_only_then_is_told() -> None:
    sentences = told(memory=(holding(), holding(each_second=2e6)))
    assert sentences
    for each in sentences:
        assert each.startswith("until its end a pod of the canary ")
    assert told(memory=(holding(), holding(each_second=1e4))) == []
    assert told(memory=(None, None)) == told(memory=(holding(), Memory(()))) == []


def test_errors_are_compared_with_the_baselines_until_then() -> None:
    assert told(canary=asked(errors=every(4))) == [
        "after its verdict 15 of 60 requests to the canary failed (25.0 %), and 0 of 400 to the "
        "baseline until then (0.0 %); it is 15.7 to 37.2 points more, and 1.5 points is too much"
    ]
    assert told(canary=asked(errors=every(4)), baseline=requests(400, errors=100)) == []


def test_one_burst_of_errors_is_no_proof() -> None:
    assert told(canary=asked(errors=within(4, 6, ASKED, 12.0))) == []


def test_slow_answers_are_compared_with_those_of_stable_at_the_same_time() -> None:
    (sentence,) = told(canary=asked(every(4)))
    assert sentence == (
        "after its verdict 25.0 % of the canary's answers take more than 1.0 s, 0.0 % of stable's "
        "at the same time; it is 14 to 37.2 points more, and 10 points is too much"
    )
    # The promotion keeps both waiting.
    assert told(canary=asked(every(4)), stable=asked(every(4))) == []
    assert told(stable=asked(every(4))) == []


def test_what_hangs_is_slow_before_it_is_answered() -> None:
    hangs = every(4)
    (sentence,) = told(canary=asked(hangs, waiting=hangs))
    assert "; 15 requests to the canary not answered yet; it is " in sentence


def test_a_pause_of_the_canary_alone_is_no_proof() -> None:
    assert told(canary=asked(within(3, 6, ASKED, 12.0))) == []


def test_a_few_slow_answers_stop_nobody() -> None:
    assert told(canary=asked(every(20))) == []


def test_where_a_version_tells_who_answers_slowness_is_nobodys() -> None:
    found = judged(canary=asked(every(2)), stable=None)
    assert list(found) == ["restarts", "readiness", "errors"]


def test_a_restart_stops_it_unless_stable_restarts_too() -> None:
    assert told(restarts=(0, 1)) == [
        "after its verdict the canary's containers restarted once, stable's not at all"
    ]
    assert told(restarts=(1, 1)) == told(restarts=(1, 0)) == []
    assert judged(restarts=(2, 3))["restarts"].answer == "inconclusive"


def test_readiness_that_comes_and_goes_stops_it_unless_stables_does_too() -> None:
    assert told(unready=(0, 2)) == [
        "after its verdict the canary's pods lost readiness 2 times, stable's not at all"
    ]
    assert told(unready=(0, 1)) == told(unready=(2, 3)) == told(unready=(3, 0)) == []


def test_each_finding_says_what_to_do() -> None:
    seen = {"canary": asked(every(3), errors=every(4)), "restarts": (0, 2), "unready": (0, 2)}
    found = late_findings(judged(**seen).values())
    assert {each.code for each in found} == {"CanaryWorseLater"}
    assert all(each.next for each in found)
    assert len(found) == 4


@pytest.mark.parametrize("silent", ["baseline", "stable", "canary"])
def test_whom_nobody_asks_is_not_compared(silent: str) -> None:
    assert told(**{silent: requests(0)}) == []


def test_of_canaries_as_slow_as_stable_few_are_stopped() -> None:
    chance = random.Random(1)

    def busy() -> Requests:
        return asked([chance.random() < 0.3 for _ in range(ASKED)])

    stopped = sum(bool(told(stable=busy(), canary=busy())) for _ in range(200))
    assert stopped <= 5


def test_of_canaries_of_which_a_third_hangs_most_are_stopped() -> None:
    chance = random.Random(1)
    slow = [[chance.random() < 0.33 for _ in range(ASKED)] for _ in range(50)]
    assert sum(bool(told(canary=asked(each, waiting=each))) for each in slow) >= 49
