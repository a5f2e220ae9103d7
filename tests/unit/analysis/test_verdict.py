"""The judge: three answers, what each of them takes, and that none comes of too little."""

import random
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from scipy.stats import binom

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.metrics.counters import COUNTERS
from pytest_canary.analysis.metrics.errors import ERRORS
from pytest_canary.analysis.metrics.latency import LATENCY
from pytest_canary.analysis.metrics.memory import MEMORY
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.metrics.restarts import RESTARTS
from pytest_canary.analysis.metrics.slow_answers import SLOW_ANSWERS
from pytest_canary.analysis.statistics import rate_difference
from pytest_canary.analysis.verdict import (
    FAMILIES,
    LOOKS,
    METRICS,
    Judge,
    Verdict,
    needed,
    schedule,
)
from pytest_canary.config.settings import VerdictSettings as Limits

LIMITS = Limits(seconds=30)
FLAT = [(float(at), 60e6) for at in range(0, 31, 3)]
COUNTER = 'http_requests_total{status=~"5.."}'


def observed(requests: int, errors: int = 0, **others: Any) -> Observed:
    """One that is fine, of so many requests, but for what is given."""
    values: dict[str, Any] = {
        "latencies": [0.010 + 0.004 * (each % 7) / 7 for each in range(requests - errors)],
        "restarts": 0,
        "memory": FLAT,
        "counters": {COUNTER: float(errors)},
    }
    return Observed(requests, errors, **(values | others))


def final(baseline: Observed, canary: Observed, limits: Limits = LIMITS) -> Verdict:
    return Judge(limits).look(baseline, canary, final=True)


def changed(verdict: Verdict) -> dict[str, str]:
    """The comparisons that are not a go."""
    return {each.metric: each.answer for each in verdict.comparisons if each.answer != "go"}


def test_a_canary_that_is_fine_is_a_go() -> None:
    found = final(observed(1000), observed(500))
    assert found.text == "go: errors 0.0 % and 0.0 %, p95 13 ms and 13 ms"
    assert (found.final, found.looks, found.requests) == (True, 1, (1000, 500))
    assert found.finding is None
    assert found.omitted == ()
    assert [each.metric for each in found.comparisons] == [
        "restarts",
        "errors",
        "latency",
        "slow answers",
        "memory growth",
        "memory",
        COUNTER,
    ]
    assert list(found.percentiles) == ["p50", "p95", "p99"]
    assert found.percentiles["p50"] == pytest.approx((0.0117, 0.0117), abs=1e-4)


LEAK = [(at, 60e6 + 5e6 * at) for at, _ in FLAT]
SLOWER = [0.110 + 0.004 * (each % 7) / 7 for each in range(500)]
HANGING = [1.0 if each % 10 == 0 else 0.012 for each in range(500)]


@pytest.mark.parametrize(
    ("others", "metric", "sentence"),
    [
        (
            {"errors": 25, "counters": {COUNTER: 0.0}},
            "errors",
            "25 of 500 requests to the canary failed (5.0 %), and 0 of 1,000 to the baseline "
            "(0.0 %); it is 3.36 to 7.28 points more, and 1.5 points is too much",
        ),
        (
            {"latencies": SLOWER},
            "latency",
            "the canary is 100 ms slower: it takes 112 ms in the median, the baseline 12 ms; "
            "it is 100 ms more, and 5 ms is too much",
        ),
        (
            {"latencies": HANGING},
            "slow answers",
            "10.0 % of the canary's answers take more than 32 ms, 0.0 % of the baseline's; "
            "it is 7.64 to 12.9 points more, and 3 points is too much",
        ),
        (
            {"restarts": 1},
            "restarts",
            "the canary's containers restarted once in the window, the baseline's not at all",
        ),
        (
            {"memory": LEAK},
            "memory growth",
            "a pod of the canary grows by 150 MB in 30 s, one of the baseline by 0 MB under such "
            "a load; 30 MB more is too much",
        ),
        (
            {"memory": [(at, 2 * held) for at, held in FLAT]},
            "memory",
            "a pod of the canary holds 120 MB, one of the baseline 60 MB; 30 MB more is too much",
        ),
        (
            {"counters": {COUNTER: 25.0}},
            COUNTER,
            f"{COUNTER} grew by 25 in 500 requests to the canary, by 0 in the baseline's 1,000; "
            "it is 3.2 to 7.38 in 100 requests more, and 1.5 in 100 requests is too much",
        ),
    ],
)
def test_one_metric_that_is_worse_is_a_no_go(
    others: dict[str, Any], metric: str, sentence: str
) -> None:
    found = final(observed(1000), observed(500, **others))
    assert found.text == f"no-go: {sentence}"
    assert changed(found)[metric] == "no-go"
    assert found.final
    finding = found.finding
    assert finding is not None
    assert (finding.code, finding.sentence, finding.doomed) == ("CanaryWorse", sentence, True)
    assert finding.evidence.count("\n") == len(found.comparisons) - 1
    assert f"no-go         {sentence}" in finding.evidence
    assert finding.next.startswith("look at ")
    assert finding.seen == (
        "500 requests to the canary and 1,000 to the baseline, at the same time; look 1 of 10"
    )


@pytest.mark.parametrize(
    ("baseline", "canary", "sentence"),
    [
        (observed(500), observed(31), "31 requests of the canary, at least 253 are needed"),
        (observed(99), observed(253), "99 requests of the baseline, at least 100 are needed"),
        (observed(500), observed(0), "0 requests of the canary, at least 253 are needed"),
        (observed(0), observed(0), "0 requests of the canary, at least 253 are needed"),
        (observed(0), observed(300), "0 requests of the baseline, at least 100 are needed"),
        (
            observed(800),
            observed(300, counters={}),
            f"the canary has no {COUNTER}, which the baseline has",
        ),
        (
            observed(800),
            observed(300, counters=None),
            "the canary has no page of metrics, which the baseline has",
        ),
        (
            observed(800),
            observed(300, restarts=None),
            "nobody counted the containers' restarts",
        ),
        (
            observed(800),
            observed(300, memory=None),
            "the canary's memory was not measured 3 times over 10 s",
        ),
        (
            observed(800, memory=None),
            observed(300),
            "the baseline's memory was not measured 3 times over 10 s",
        ),
        (
            observed(800, latencies=[]),
            observed(300),
            "the baseline has 0 answers that are no error; latencies take 20",
        ),
        (
            observed(800, restarts=1),
            observed(300, restarts=1),
            "the canary's containers restarted once in the window, the baseline's once",
        ),
        (
            observed(800),
            observed(300, 3),
            "3 of 300 requests to the canary failed (1.0 %), and 0 of 800 to the baseline "
            "(0.0 %); it may be 2.9 points more, and 1.5 points would matter",
        ),
    ],
)
def test_what_nobody_knows_is_never_a_go(
    baseline: Observed, canary: Observed, sentence: str
) -> None:
    found = final(baseline, canary)
    assert found.text == f"inconclusive: {sentence}"
    assert found.final
    assert found.finding is not None
    assert (found.finding.code, found.finding.doomed) == ("CanaryUnproven", False)
    assert found.finding.next


def test_what_would_tell_more_is_said() -> None:
    few = final(observed(500), observed(31)).finding
    missing = final(observed(800), observed(300, restarts=None)).finding
    assert few is not None
    assert missing is not None
    assert few.next.startswith("raise verdict.seconds or traffic.rate")
    assert missing.next.startswith("see why it is so, or was not measured")


@pytest.mark.parametrize(
    ("others", "metric"),
    [
        ({"errors": 25, "counters": {COUNTER: 0.0}}, ERRORS),
        ({"latencies": SLOWER}, LATENCY),
        ({"latencies": HANGING}, SLOW_ANSWERS),
        ({"restarts": 1}, RESTARTS),
        ({"memory": LEAK}, MEMORY),
        ({"counters": {COUNTER: 25.0}}, COUNTERS),
    ],
)
def test_what_to_do_about_a_no_go_is_the_metrics_own_advice(
    others: dict[str, Any], metric: Metric
) -> None:
    finding = final(observed(1000), observed(500, **others)).finding
    assert finding is not None
    assert finding.next == metric.advice


def test_every_metric_that_is_a_statistic_takes_its_part_of_the_risk() -> None:
    assert [each.name for each in METRICS if each.statistic] == [
        "errors",
        "latency",
        "slow answers",
        "counters",
    ]
    assert FAMILIES == 4


def test_errors_alone_from_both_versions_are_no_comparison() -> None:
    found = final(observed(1000, 1000), observed(500, 500))
    assert found.answer == "inconclusive"
    assert changed(found) == {"latency": "inconclusive", "slow answers": "inconclusive"} | {
        COUNTER: "inconclusive"
    }


def test_what_neither_version_has_is_not_compared_and_told() -> None:
    without: dict[str, Any] = {"memory": None, "counters": None}
    found = final(observed(1000, **without), observed(500, **without))
    assert found.answer == "go"
    assert found.omitted == (
        "memory: this cluster doesn't tell what pods hold",
        "the app's own counters: neither version has a page of metrics",
    )
    assert found.lines[-2:] == [f"not compared  {each}" for each in found.omitted]
    none: dict[str, Any] = {"counters": {}}
    assert final(observed(1000, **none), observed(500, **none)).omitted == (
        "the app's own counters: none counts errors",
    )


def test_the_worst_is_told_where_several_are_wrong() -> None:
    found = final(observed(1000), observed(500, 25, restarts=1, memory=None))
    assert found.sentence.startswith("the canary's containers restarted once")
    assert changed(found) == {"restarts": "no-go", "errors": "no-go"} | {
        COUNTER: "no-go",
        "memory": "inconclusive",
    }


def test_a_restart_is_a_no_go_at_once_however_few_requests_there_are() -> None:
    found = Judge(LIMITS).look(observed(0), observed(0, restarts=1))
    assert (found.answer, found.final, found.looks) == ("no-go", True, 1)


def test_gross_faults_are_a_no_go_at_the_first_look() -> None:
    slow, failing = observed(51, latencies=SLOWER[:51]), observed(51, 30)
    for canary in (slow, failing):
        found = Judge(LIMITS).look(observed(102), canary)
        assert (found.answer, found.final) == ("no-go", True)


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


@pytest.mark.parametrize(
    "module", ["statistics", "comparison", "metrics.memory", "prometheus", "verdict"]
)
def test_judging_imports_nothing_heavy_before_it_judges(module: str) -> None:
    script = (
        f"import sys, pytest_canary.analysis.{module}; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "scipy", "prometheus_client", "pydantic", "kubernetes", "pytest"}
    assert heavy & set(done.stdout.split()) == set()
