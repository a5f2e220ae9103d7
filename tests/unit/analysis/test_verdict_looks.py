"""How often the judge looks, and how rarely it is wrong for all of its looks."""

import random
from collections import Counter
from typing import Any

import pytest
from fakes.verdicts import FLAT, LIMITS, final, observed
from scipy.stats import binom

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.statistics import rate_difference
from pytest_canary.analysis.verdict import LOOKS, Judge, Verdict, needed, schedule
from pytest_canary.config.settings import VerdictSettings as Limits


def at_rate(rate: float, errors: float = 0.0, seed: int = 0, **others: Any) -> list[Observed]:
    """The baseline's and the canary's, at each look, with so many requests a second."""
    chance = random.Random(seed)
    seconds = schedule(LIMITS)
    failed = [chance.random() < errors for _ in range(int(rate * seconds[-1]))]
    looks = []
    for at in seconds:
        count = int(rate * at)
        memory = [point for point in others.get("memory", FLAT) if point[0] <= at]
        looks.append(observed(count, sum(failed[:count]), memory=memory))
    return looks


def until_final(baseline: list[Observed], canary: list[Observed]) -> Verdict:
    judge = Judge(LIMITS)
    for pair in zip(baseline, canary, strict=True):
        found = judge.look(*pair)
        if found.final:
            break
    return found


def test_a_go_comes_as_soon_as_there_is_enough() -> None:
    found = until_final(at_rate(34), at_rate(17))
    assert (found.answer, found.looks, found.requests[1]) == ("go", 5, 255)


def test_nothing_wrong_so_far_is_not_a_go_yet() -> None:
    judge = Judge(LIMITS)
    # The third measurement of memory is not there, so this look leaves the first go unused.
    early = judge.look(observed(800, memory=FLAT[:2]), observed(400, memory=FLAT[:2]))
    assert (early.answer, early.final) == ("inconclusive", False)
    assert judge.look(observed(900), observed(450)).answer == "go"


def test_a_go_that_failed_once_is_asked_for_again_only_at_the_end() -> None:
    judge = Judge(LIMITS)
    fine, stray = (observed(1200), observed(600)), (observed(600), observed(300, 1))
    answers = [judge.look(*stray).answer] + [judge.look(*fine).answer for _ in range(2, LOOKS + 1)]
    assert answers == ["inconclusive"] * 9 + ["go"]


def test_between_the_two_looks_that_may_say_go_nothing_is_wrong() -> None:
    judge = Judge(LIMITS)
    judge.look(observed(600), observed(300, 1))
    found = judge.look(observed(1200), observed(600))
    assert found.sentence == (
        "nothing is wrong so far: errors 0.0 % and 0.0 %, p95 13 ms and 13 ms"
    )
    assert (found.answer, found.final) == ("inconclusive", False)


def test_a_look_too_many_is_refused() -> None:
    judge = Judge(LIMITS)
    found = [judge.look(observed(40), observed(20)) for _ in range(LOOKS)]
    assert [each.final for each in found] == [False] * 9 + [True]
    with pytest.raises(ValueError, match="looks 10 times"):
        judge.look(observed(40), observed(20))


def test_the_looks_fill_the_window() -> None:
    assert schedule(Limits(seconds=20)) == pytest.approx(list(range(2, 21, 2)))


@pytest.mark.parametrize(
    ("limits", "least"),
    [
        (Limits(), 253),
        (Limits(errors=0.5), 100),
        (Limits(errors=0.001), 3838),
        (Limits(confidence=0.99), 436),
    ],
)
def test_as_many_requests_are_needed_as_can_prove_it(limits: Limits, least: int) -> None:
    assert needed(limits) == least
    fine = final(observed(3 * least), observed(least), limits)
    assert fine.answer == "go"
    assert final(observed(3 * least), observed(least - 1), limits).answer == "inconclusive"


def test_stricter_limits_never_turn_a_no_go_into_a_go() -> None:
    order = ["go", "inconclusive", "no-go"]
    for errors in range(0, 30, 3):
        answers = [
            final(observed(1000), observed(500, errors), Limits(errors=least)).answer
            for least in (0.2, 0.05, 0.03, 0.015)
        ]
        assert [order.index(each) for each in answers] == sorted(order.index(a) for a in answers)


def test_swapping_the_versions_never_gives_two_no_goes() -> None:
    for errors in range(0, 60, 4):
        one = final(observed(500), observed(500, errors)).answer
        other = final(observed(500, errors), observed(500)).answer
        assert (one, other).count("no-go") < 2


def test_the_risk_is_parted_among_metrics_and_looks() -> None:
    two: dict[str, Any] = {"counters": {"a_errors_total": 0.0, "b_errors_total": 0.0}}
    found = final(observed(1000, **two), observed(500, **two))
    levels = {each.metric: each.level for each in found.comparisons if each.level is not None}
    assert levels == pytest.approx(
        {
            "errors": 0.05 / 4 / 10,
            "latency": 0.05 / 4 / 10,
            "slow answers": 0.05 / 4 / 10,
            "a_errors_total": 0.05 / 4 / 10 / 2,
            "b_errors_total": 0.05 / 4 / 10 / 2,
        }
    )
    least = {each.metric: each.least for each in found.comparisons}
    assert (least["errors"], least["slow answers"]) == (0.015, 0.03)
    # Two-sided, so that 2.5 % lie above: half of the risk, for each of two looks.
    confidences = [each.confidence for each in found.comparisons if each.interval]
    assert confidences == pytest.approx([0.95] * 5)


@pytest.mark.parametrize("requests", [253, 400, 510])
def test_a_canary_that_is_worse_by_what_matters_rarely_passes_one_look(requests: int) -> None:
    """Exactly, over all the errors that there can be: 2.5 % are promised, the baseline has none."""
    passes = sum(
        binom.pmf(errors, requests, LIMITS.errors)
        for errors in range(requests)
        if rate_difference(errors, requests, 0, 2 * requests, 0.95).high < LIMITS.errors
    )
    assert passes < 0.025


def test_releases_that_differ_in_nothing_are_rarely_stopped() -> None:
    chance = random.Random(23)
    answers: Counter[str] = Counter()
    for _ in range(80):
        latencies = [0.1 * chance.lognormvariate(0, 0.5) for _ in range(1530)]
        failed = [chance.random() < 0.002 for _ in range(1530)]
        judge = Judge(LIMITS)
        for look in range(1, LOOKS + 1):
            parts = slice(0, 102 * look), slice(1020, 1020 + 51 * look)
            versions = [
                observed(
                    len(failed[part]),
                    sum(failed[part]),
                    latencies=[
                        each
                        for each, lost in zip(latencies[part], failed[part], strict=True)
                        if not lost
                    ],
                )
                for part in parts
            ]
            verdict = judge.look(*versions)
            if verdict.final:
                break
        answers[verdict.answer] += 1
    # 4 are allowed; about one in 200 is usual.
    assert answers["no-go"] <= 4
    assert answers["go"] > 64


def test_a_canary_that_errs_5_percent_of_the_time_is_stopped() -> None:
    baseline = at_rate(34)
    answers = [until_final(baseline, at_rate(17, 0.05, seed)).answer for seed in range(40)]
    assert answers == ["no-go"] * 40


def test_a_leak_is_a_no_go_before_it_is_an_out_of_memory() -> None:
    leak = [(float(at), 60e6 + 17e6 * at) for at in range(31)]
    found = until_final(at_rate(34), at_rate(17, memory=leak))
    assert found.answer == "no-go"
    assert found.looks < 6
    assert found.sentence.startswith("a pod of the canary grows by ")
