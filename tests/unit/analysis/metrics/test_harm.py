"""What the release does to the version that is live: in which words, and from when it matters."""

from __future__ import annotations

import random

import pytest

from pytest_canary.analysis.comparison import Comparison, Observed, Rule
from pytest_canary.analysis.metrics.harm import ADVICE, HARM
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.verdict import Judge
from pytest_canary.config.settings import VerdictSettings as Limits

LIMITS = Limits(errors=0.015)
RULE = Rule(confidence=0.95, level=0.00125)


def asked(
    count: int = 600,
    errors: int = 0,
    seconds: float = 0.02,
    *,
    begin: float = 0.0,
    writes: int = 0,
    lost_after: float = 0.0,
    seed: int = 1,
) -> Requests:
    """So many in 20 s, with errors spread among them.

    Args:
        writes: of so many requests, one writes.
        lost_after: seconds that each error took.
    """
    chance = random.Random(seed)
    failed = [(each + 1) * errors // count > each * errors // count for each in range(count)]
    took = [seconds * chance.lognormvariate(0, 0.3) for _ in range(count)]
    return Requests.of(
        [begin + each * 20 / count for each in range(count)],
        [lost_after or each if lost else each for each, lost in zip(took, failed, strict=True)],
        failed,
        (),
        [bool(writes) and each % writes == 0 for each in range(count)],
    )


def now(count: int = 600, errors: int = 0, seconds: float = 0.02, *, writes: int = 0) -> Requests:
    return asked(count, errors, seconds, begin=40, writes=writes, seed=2)


def observed(requests: Requests, before: Requests | None = None) -> Observed:
    return Observed(requests, restarts=0, before=before)


def compared(before: Requests | None, later: Requests) -> dict[str, Comparison]:
    """By metric; the canary's are as the baseline's."""
    found = HARM.compare(observed(later, before), observed(later), LIMITS, RULE)
    return {each.metric: each for each in found}


def test_a_baseline_that_is_as_it_was_is_a_go() -> None:
    found = compared(asked(), now())
    assert {name: each.answer for name, each in found.items()} == {
        "baseline's errors": "go",
        "baseline's slow answers": "go",
    }
    assert found["baseline's errors"].sentence == (
        "0 of 600 requests to the baseline failed (0.0 %), and 0 of 600 before the canary came "
        "(0.0 %); it is at most 0.636 points more, and 1.5 points would matter"
    )
    assert found["baseline's slow answers"].sentence == (
        "0.0 % of the baseline's answers take more than 70 ms, 0.0 % of those before the canary "
        "came; it is at most 0.636 points more, and 20 points would matter"
    )


def test_a_baseline_that_fails_since_the_canary_came_is_a_no_go() -> None:
    found = compared(asked(), now(errors=60))["baseline's errors"]
    assert (found.answer, found.sentence) == (
        "no-go",
        "60 of 600 requests to the baseline failed (10.0 %), and 0 of 600 before the canary came "
        "(0.0 %); it is 7.76 to 12.7 points more, and 1.5 points is too much",
    )


def test_a_baseline_that_is_ten_times_slower_is_a_no_go() -> None:
    found = compared(asked(), now(seconds=0.2))["baseline's slow answers"]
    assert (found.answer, found.sentence) == (
        "no-go",
        "100.0 % of the baseline's answers take more than 70 ms, 0.0 % of those before the canary "
        "came; it is 99.1 to 100 points more, and 20 points is too much",
    )


def test_too_few_requests_prove_nothing() -> None:
    found = compared(asked(40), now(40))["baseline's errors"]
    assert (found.answer, found.sentence) == (
        "inconclusive",
        "0 of 40 requests to the baseline failed (0.0 %), and 0 of 40 before the canary came "
        "(0.0 %); it may be 8.76 points more, and 1.5 points would matter",
    )


@pytest.mark.parametrize("seconds", [0.03, 0.05])
def test_a_busier_machine_is_no_harm(seconds: float) -> None:
    """There is one pod more, and the verdict's own load."""
    found = compared(asked(), now(seconds=seconds))
    assert {each.answer for each in found.values()} == {"go"}


def test_errors_that_were_there_before_are_nobodys_harm() -> None:
    found = compared(asked(errors=60), now(errors=60))["baseline's errors"]
    assert found.answer != "no-go"
    assert (found.baseline, found.canary) == (0.1, 0.1)


def test_reads_and_writes_are_told_apart() -> None:
    """A lock holds up the writes alone, which are few."""
    before, later = asked(writes=5), now(writes=5)
    slower = Requests.of(
        later.due.tolist(),
        (later.seconds + later.write * 0.5).tolist(),
        (),
        (),
        later.write.tolist(),
    )
    found = compared(before, slower)
    assert {name: each.answer for name, each in found.items()} == {
        "baseline's errors": "go",
        "baseline's slow answers of reads": "go",
        "baseline's slow answers of writes": "no-go",
    }
    assert found["baseline's slow answers of writes"].sentence.startswith(
        "100.0 % of the baseline's writes take more than 72 ms, 0.0 % of those before the canary"
    )
    # The level is parted among what is told apart.
    assert {each.level for each in found.values()} == {RULE.level / 3}


def test_what_took_long_to_fail_was_no_slow_answer_before() -> None:
    """Else an app that loses requests may become slow, too."""
    before = asked(errors=240, lost_after=10.0)
    later = asked(begin=40, errors=240, lost_after=10.0, seed=2)
    slow = Requests.of(
        later.due.tolist(),
        [1.0 if each % 5 in (0, 1) else took for each, took in enumerate(later.seconds)],
        later.failed.tolist(),
    )
    found = compared(before, slow)["baseline's slow answers"]
    assert found.baseline == 0
    assert found.answer == "no-go"


def test_of_too_few_answers_before_only_the_errors_are_told() -> None:
    assert list(compared(asked(19), now())) == ["baseline's errors"]


def test_without_a_before_there_is_nothing_to_compare_with() -> None:
    assert compared(None, now()) == {}
    assert compared(asked(), Requests.of((), ())) == {}


# All of it: canary and baseline are alike in each of these.


@pytest.mark.parametrize(
    ("errors", "seconds", "answer"),
    [(0, 0.02, "go"), (0, 0.03, "go"), (0, 0.2, "no-go"), (90, 0.02, "no-go")],
)
def test_a_migration_that_harms_both_versions_stops_the_release(
    errors: int, seconds: float, answer: str
) -> None:
    later = now(600, errors, seconds)
    alike = asked(600, errors, seconds, begin=40, seed=3)
    verdict = Judge(LIMITS).look(1.0, observed(later, asked()), observed(alike))
    assert verdict.answer == answer
    if verdict.finding:
        assert verdict.sentence.startswith(
            ("90 of 600 requests to the baseline failed", "100.0 % of the baseline's answers take")
        )
        assert verdict.finding.next == ADVICE
