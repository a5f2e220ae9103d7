"""What the release does to the version that is live: in which words, and from when it matters."""

from __future__ import annotations

import random

import pytest

from pytest_canary.analysis.comparison import Comparison, Observed, Rule
from pytest_canary.analysis.judge import Judge
from pytest_canary.analysis.metrics.harm import ADVICE, HARM
from pytest_canary.analysis.reference import Reference, Sample
from pytest_canary.analysis.requests import Requests
from pytest_canary.config.settings import VerdictSettings as Limits

LIMITS = Limits(errors=0.015)
RULE = Rule(confidence=0.95, level=0.00125)
SLOW = 1.0


def asked(
    count: int = 600,
    errors: int = 0,
    seconds: float = 0.02,
    *,
    begin: float = 0.0,
    writes: int = 0,
    lost_after: float = 0.0,
    seed: int = 1,
    window: float = 20.0,
) -> Requests:
    """So many in a window, with errors spread among them.

    Args:
        writes: of so many requests, one writes.
        lost_after: seconds that each error took.
    """
    chance = random.Random(seed)
    failed = [(each + 1) * errors // count > each * errors // count for each in range(count)]
    took = [seconds * chance.lognormvariate(0, 0.3) for _ in range(count)]
    return Requests.of(
        [begin + each * window / count for each in range(count)],
        [lost_after or each if lost else each for each, lost in zip(took, failed, strict=True)],
        failed,
        (),
        [bool(writes) and each % writes == 0 for each in range(count)],
    )


def now(count: int = 600, errors: int = 0, seconds: float = 0.02, *, writes: int = 0) -> Requests:
    return asked(count, errors, seconds, begin=40, writes=writes, seed=2)


def observed(requests: Requests, *before: Requests | Sample | None, rows: int = 0) -> Observed:
    samples = [each if isinstance(each, Sample) else Sample(each) for each in before if each]
    reference = Reference(tuple(samples), SLOW) if samples else None
    return Observed(requests, restarts=0, before=reference, rows=rows)


def compared(
    before: Requests | Sample | None, later: Requests, *others: Sample, rows: int = 0
) -> dict[str, Comparison]:
    """By metric; the canary's are as the baseline's."""
    baseline = observed(later, before, *others, rows=rows)
    found = HARM.compare(baseline, observed(later), LIMITS, RULE)
    return {each.metric: each for each in found}


def test_a_baseline_that_is_as_it_was_is_a_go() -> None:
    found = compared(asked(), now())
    assert {name: each.answer for name, each in found.items()} == {
        "baseline's errors": "go",
        "baseline's late answers": "go",
        "baseline's slow answers": "go",
    }
    assert found["baseline's errors"].sentence == (
        "0 of 600 requests to the baseline failed (0.0 %), and 0 of 600 before the canary came "
        "(0.0 %); it is at most 0.636 points more, and 3 points would matter"
    )
    assert found["baseline's slow answers"].sentence == (
        "0.0 % of the baseline's answers take more than 90 ms, 0.0 % of those before the canary "
        "came; it is at most 0.636 points more, and 20 points would matter"
    )


def test_a_baseline_that_fails_since_the_canary_came_is_a_no_go() -> None:
    found = compared(asked(), now(errors=60))["baseline's errors"]
    assert (found.answer, found.sentence) == (
        "no-go",
        "60 of 600 requests to the baseline failed (10.0 %), and 0 of 600 before the canary came "
        "(0.0 %); it is 7.76 to 12.7 points more, and 3 points is too much",
    )


def test_a_baseline_that_is_ten_times_slower_is_a_no_go() -> None:
    found = compared(asked(), now(seconds=0.2))["baseline's slow answers"]
    assert (found.answer, found.sentence) == (
        "no-go",
        "100.0 % of the baseline's answers take more than 90 ms, 0.0 % of those before the canary "
        "came; it is 99.1 to 100 points more, and 20 points is too much",
    )


def test_a_baseline_that_is_twice_as_slow_is_a_no_go_by_its_median() -> None:
    found = compared(asked(seconds=0.1), now(seconds=0.2))["baseline's slow answers"]
    assert (found.answer, found.least) == ("no-go", 0.3)


def test_one_that_is_twice_as_slow_and_quick_all_the_same_is_none() -> None:
    """Twice 5 ms is what a machine with one pod more makes of them."""
    found = compared(asked(seconds=0.005), now(seconds=0.01))
    assert {each.answer for each in found.values()} == {"go"}


@pytest.mark.parametrize(("slower", "answer"), [(2.2, "no-go"), (1.2, "go"), (1.0, "go")])
def test_a_few_seconds_of_before_are_enough(slower: float, answer: str) -> None:
    before = asked(45, seconds=0.1, writes=2, window=3)
    found = compared(before, now(seconds=0.1 * slower, writes=10))
    assert found["baseline's slow answers of reads"].answer == answer


def test_too_few_requests_prove_nothing() -> None:
    found = compared(asked(40), now(40))["baseline's errors"]
    assert (found.answer, found.sentence) == (
        "inconclusive",
        "0 of 40 requests to the baseline failed (0.0 %), and 0 of 40 before the canary came "
        "(0.0 %); it may be 8.76 points more, and 3 points would matter",
    )


@pytest.mark.parametrize("seconds", [0.022, 0.024, 0.03])
def test_a_busier_machine_is_no_harm(seconds: float) -> None:
    """There is one pod more, and the verdict's own load."""
    found = compared(asked(), now(seconds=seconds))
    assert {each.answer for each in found.values()} == {"go"}


def test_errors_that_were_there_before_are_nobodys_harm() -> None:
    found = compared(asked(errors=60), now(errors=60))["baseline's errors"]
    assert found.answer != "no-go"
    assert (found.baseline, found.canary) == (0.1, 0.1)


def test_errors_that_a_short_while_before_did_not_have_are_no_harm() -> None:
    """One request in a hundred fails, and of 100 none may."""
    found = compared(asked(100), now(errors=6))["baseline's errors"]
    assert (found.baseline, found.canary, found.answer) == (0.0, 0.01, "go")


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
        "baseline's late answers": "go",
        "baseline's slow answers of reads": "go",
        "baseline's slow answers of writes": "no-go",
    }
    assert found["baseline's slow answers of writes"].sentence.startswith(
        "100.0 % of the baseline's writes take more than 64 ms, 0.0 % of those before the canary"
    )
    # The level is parted among what is told apart.
    assert {each.level for each in found.values()} == {RULE.level / 6}


def test_what_took_long_to_fail_was_no_slow_answer_before() -> None:
    """Else an app that loses requests may become slow, too."""
    before = asked(errors=240, lost_after=10.0)
    later = asked(begin=40, errors=240, lost_after=10.0, seed=2)
    slow = Requests.of(
        later.due.tolist(),
        [0.9 if each % 5 in (0, 1) else took for each, took in enumerate(later.seconds)],
        later.failed.tolist(),
    )
    found = compared(before, slow)["baseline's slow answers"]
    assert found.baseline == 0
    assert found.answer == "no-go"


def test_of_too_few_answers_before_what_was_usual_is_not_told() -> None:
    assert list(compared(asked(19), now())) == ["baseline's errors", "baseline's late answers"]
    assert HARM.omitted(observed(now(), asked(19)), observed(now())) == (
        "how long the baseline's requests took before the canary came: fewer than 20 of the kind "
        "were answered then"
    )
    assert HARM.omitted(observed(now(), asked(20)), observed(now())) == ""
    assert HARM.omitted(observed(now()), observed(now())) == ""


def late(share: float, count: int = 600, seconds: float = 1.5) -> Requests:
    """Answers now, so many of which take so long."""
    usual = now(count)
    taken = [
        seconds if int((each + 1) * share) > int(each * share) else took
        for each, took in enumerate(usual.seconds)
    ]
    return Requests.of(usual.due.tolist(), taken)


@pytest.mark.parametrize("share", [0.08, 0.19])
def test_answers_that_are_late_for_anybody_matter_though_they_are_few(share: float) -> None:
    found = compared(asked(), late(share))
    assert found["baseline's slow answers"].answer != "no-go"
    assert found["baseline's late answers"].answer == "no-go"
    if share == 0.08:
        assert found["baseline's late answers"].sentence == (
            "8.0 % of the baseline's answers take more than 1.0 s, 0.0 % of those before the "
            "canary came; it is 5.98 to 10.4 points more, and 3 points is too much"
        )


def test_what_was_late_before_is_no_harm() -> None:
    before, later = asked(seconds=0.9), now(seconds=0.9)
    found = compared(before, later)["baseline's late answers"]
    assert found.answer == "go"


@pytest.mark.parametrize("usual", [0.3, 0.55, 0.9, 2.0])
def test_a_busier_machine_makes_no_slow_app_late(usual: float) -> None:
    """Whose answers come near to traffic.slow, or are beyond it for the most part."""
    found = compared(asked(seconds=usual), now(seconds=1.2 * usual))
    assert {each.answer for each in found.values()} == {"go"}


def test_what_still_awaits_its_answer_may_be_late() -> None:
    usual = now()
    waits = [each % 25 == 0 for each in range(600)]
    waiting = Requests.of(usual.due.tolist(), usual.seconds.tolist(), (), waits)
    found = compared(asked(), waiting)
    assert (found["baseline's late answers"].answer, found["baseline's errors"].answer) == (
        "inconclusive",
        "inconclusive",
    )


def test_without_a_before_there_is_nothing_to_compare_with() -> None:
    assert compared(None, now()) == {}
    assert compared(asked(), Requests.of((), ())) == {}


# Reads that answer with every row.


def test_reads_that_take_longer_for_their_rows_are_no_harm() -> None:
    before, later = asked(writes=5), now(seconds=0.1, writes=5)
    found = compared(Sample(before, rows=40), later, rows=200)
    assert found["baseline's slow answers of reads"].answer == "go"
    assert found["baseline's slow answers of reads"].sentence.startswith(
        "0.0 % of the baseline's reads take more than 342 ms (5.0 times as long as else, for the "
        "rows that have come since), 0.0 % of those before the canary came; "
    )
    # Nothing is allowed for in what a write takes, nor in reads that are bounded.
    assert found["baseline's slow answers of writes"].answer == "no-go"
    bounded = compared(Sample(before, rows=40), later)
    assert bounded["baseline's slow answers of reads"].answer == "no-go"


def test_reads_that_take_longer_than_for_their_rows_are_harm() -> None:
    found = compared(Sample(asked(), rows=40), now(seconds=0.6), rows=200)
    assert found["baseline's slow answers"].answer == "no-go"


def test_rows_that_make_reads_late_are_no_harm() -> None:
    found = compared(Sample(asked(seconds=0.2), rows=40), now(seconds=1.1), rows=200)
    assert found["baseline's late answers"].answer == "go"


def test_fewer_rows_than_before_make_nothing_quicker() -> None:
    found = compared(Sample(asked(), rows=200), now(seconds=0.03), rows=40)
    assert {each.answer for each in found.values()} == {"go"}


# Whether enough was sent before.


def test_where_hardly_any_were_reads_they_tell_nothing_and_it_is_said() -> None:
    requests = asked(seconds=0.02, writes=5)
    before = Sample(requests.where(requests.write | (requests.due < 0.7)))
    later = now(seconds=0.02, writes=5)
    assert list(compared(before, later)) == [
        "baseline's errors",
        "baseline's late answers",
        "baseline's slow answers of writes",
    ]
    assert HARM.omitted(observed(later, before), observed(later)) == (
        "how long the baseline's reads took before the canary came: fewer than 20 of the kind "
        "were answered then"
    )


def test_the_sample_that_is_most_alike_tells_and_the_other_where_it_has_too_few() -> None:
    alike = Sample(asked(60, seconds=0.2, writes=10))
    public = Sample(asked(seconds=0.02, writes=5))
    found = compared(alike, now(seconds=0.2, writes=5), public)
    assert found["baseline's slow answers of reads"].answer == "go"
    # Six writes are too few, and a write is a write wherever it is sent.
    assert found["baseline's slow answers of writes"].answer == "no-go"
    assert found["baseline's errors"].sentence.startswith(
        "0 of 600 requests to the baseline failed (0.0 %), and 0 of 600 before"
    )


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
