"""The judge: three answers, what each of them takes, and that none comes of too little."""

import subprocess
import sys
from typing import Any

import pytest
from fakes.observed import parted, requests, spread, within
from fakes.verdicts import COUNTER, FLAT, LIMITS, final, holding, observed, tight

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import METRICS, Judge
from pytest_canary.analysis.metrics.counters import COUNTERS
from pytest_canary.analysis.metrics.errors import ERRORS
from pytest_canary.analysis.metrics.latency import LATENCY
from pytest_canary.analysis.metrics.memory import MEMORY
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.metrics.readiness import READINESS
from pytest_canary.analysis.metrics.restarts import RESTARTS
from pytest_canary.analysis.metrics.slow_answers import SLOW_ANSWERS
from pytest_canary.analysis.verdict import Verdict


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
        "readiness",
        "errors",
        "latency",
        "slow answers",
        "memory growth",
        "memory",
        COUNTER,
    ]
    assert list(found.percentiles) == ["p50", "p95", "p99"]
    assert found.percentiles["p50"] == pytest.approx((0.0117, 0.0117), abs=1e-4)


LEAK = holding(each_second=5e6)
SLOWER = tight(500, more=0.1)
HANGING = [1.0 if each % 10 == 0 else 0.012 for each in range(500)]


@pytest.mark.parametrize(
    ("others", "metric", "sentence"),
    [
        (
            {"errors": 25, "counters": {COUNTER: parted(0)}},
            "errors",
            "25 of 500 requests to the canary failed (5.0 %), and 0 of 1,000 to the baseline "
            "(0.0 %); it is 3.36 to 7.28 points more, and 1.5 points is too much",
        ),
        (
            {"seconds": SLOWER},
            "latency",
            "the canary is 100 ms slower: it takes 112 ms in the median, the baseline 12 ms; "
            "it is 99.4 to 101 ms more, and 5 ms is too much",
        ),
        (
            {"seconds": HANGING},
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
            "a pod of the canary grows by 167 MB in 1,000 requests and goes on, one of the "
            "baseline by 0 MB; after 83 requests more it comes to its limit of 201 MB",
        ),
        (
            {"memory": holding(120e6)},
            "memory",
            "a pod of the canary holds 120 MB, one of the baseline 60 MB; 30 MB more is too much",
        ),
        (
            {"counters": {COUNTER: parted(25)}},
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
        "500 requests to the canary and 1,000 to the baseline, at the same time; look 1"
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
            observed(31, unready=18),
            "the canary's pods lost readiness 18 times in the window, the baseline's not at all",
        ),
        (
            observed(800),
            observed(300, unready=2),
            "the canary's pods lost readiness 2 times in the window, the baseline's not at all",
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
            observed(800, waiting=[True] * 800),
            observed(300),
            "the baseline has 0 answers to requests that are no error; latencies take 20",
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
    assert few.next.startswith("raise verdict.seconds or traffic.rate, or say in verdict.*")
    assert missing.next.startswith("see why it is so, or was not measured")


@pytest.mark.parametrize(
    ("others", "metric"),
    [
        ({"errors": 25, "counters": {COUNTER: parted(0)}}, ERRORS),
        ({"seconds": SLOWER}, LATENCY),
        ({"seconds": HANGING}, SLOW_ANSWERS),
        ({"restarts": 1}, RESTARTS),
        ({"memory": LEAK}, MEMORY),
        ({"counters": {COUNTER: parted(25)}}, COUNTERS),
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
        "harm",
        "counters",
    ]


def test_errors_alone_from_both_versions_are_no_comparison() -> None:
    found = final(observed(1000, 1000), observed(500, 500))
    assert found.answer == "inconclusive"
    assert changed(found) == {"latency": "inconclusive", "slow answers": "inconclusive"} | {
        COUNTER: "inconclusive"
    }
    assert found.percentiles == {}


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
    found = Judge(LIMITS).look(0.1, observed(0), observed(0, restarts=1))
    assert (found.answer, found.final, found.looks) == ("no-go", True, 1)


def test_gross_faults_are_a_no_go_at_the_first_look() -> None:
    """A tenth of a window of a minute."""
    slow, failing = observed(102, seconds=SLOWER[:102], window=6), observed(102, 60, window=6)
    for canary in (slow, failing):
        found = Judge(LIMITS).look(0.1, observed(204, window=6), canary)
        assert (found.answer, found.final, found.looks) == ("no-go", True, 1)


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"errors": 250},
        {"seconds": HANGING},
        {"restarts": 1},
        {"memory": LEAK},
        {"counters": {COUNTER: parted(25)}},
    ],
)
def test_on_a_machine_that_is_held_up_nothing_is_told_of_the_app(others: dict[str, Any]) -> None:
    why = "the load generator could not keep up: 4.0 % of the requests were not sent"
    found = final(observed(1000), observed(500, **others), held_up=why)
    assert found.text == f"inconclusive: {why}"
    assert found.final
    assert found.finding is not None
    assert found.finding.next.startswith("raise ")
    early = Judge(LIMITS).look(0.5, observed(1000), observed(500, **others), held_up=why)
    assert (early.answer, early.final) == ("inconclusive", False)


def test_a_machine_that_is_held_up_is_not_kept_busier_by_look_after_look() -> None:
    judge, seen = Judge(LIMITS), observed(1000)
    judge.look(0.5, seen, seen, held_up="it can't keep up")
    assert not judge.due(0.5, 1000, 1000)
    assert not judge.due(0.5, 1099, 1099)
    assert judge.due(0.5, 1100, 1100)


def test_a_pod_that_comes_and_goes_has_advice_of_its_own() -> None:
    finding = final(observed(800), observed(31, unready=18)).finding
    assert finding is not None
    assert finding.next.startswith("see why it is so")
    assert [READINESS in METRICS, READINESS.statistic] == [True, False]


def test_a_pod_that_stays_away_is_told_and_not_the_lack_of_requests_that_comes_of_it() -> None:
    gone = (
        "the canary's pods lost readiness once in the window, the baseline's not at all; "
        "1 pod of the canary did not get it back"
    )
    lacking = final(observed(800), observed(120, unready=1, away=1))
    assert (lacking.answer, lacking.sentence) == ("inconclusive", gone)
    assert lacking.finding
    assert lacking.finding.next.startswith("see why it is so")
    # Asked at its own address, it is refused.
    refused = final(observed(800), observed(800, 200, unready=1, away=1, counters={}))
    assert refused.answer == "no-go"
    assert refused.sentence.startswith(f"{gone}; 200 of 800 requests to the canary failed (25.0 %)")
    assert refused.worst
    assert refused.worst[1].metric == "errors"


def mixed(count: int, failing: bool = False, slow: bool = False) -> Observed:
    """A tenth of which write; half of the writes may fail, and a third of the reads be slow."""
    write = spread(count // 10, count)
    kinds = enumerate(write)
    failed = [writes and failing and at // 10 % 2 == 0 for at, writes in kinds]
    seconds = [0.05 if writes else each for writes, each in zip(write, tight(count), strict=True)]
    if slow:
        seconds = [
            0.15 if at % 3 == 0 and not write[at] else each for at, each in enumerate(seconds)
        ]
    made = requests(count, failed, seconds, write=write)
    return Observed(made, 0, memory=FLAT, counters={COUNTER: parted(0)})


@pytest.mark.parametrize(
    ("others", "metrics"),
    [
        ({"failing": True}, {"errors", "errors of writes"}),
        ({"slow": True}, {"slow answers of reads"}),
    ],
)
def test_what_is_wrong_with_reads_or_writes_alone_is_no_go(
    others: dict[str, Any], metrics: set[str]
) -> None:
    assert final(mixed(600), mixed(600)).answer == "go"
    found = final(mixed(600), mixed(600, **others))
    assert found.answer == "no-go"
    assert set(changed(found)) == metrics


def test_an_outage_of_a_second_is_neither_a_go_nor_a_no_go() -> None:
    found = final(observed(600), observed(600, within(4.1, 5.1, 600), counters={}))
    assert found.answer == "inconclusive"
    assert found.sentence.startswith("60 of 600 requests to the canary failed (10.0 %)")


@pytest.mark.parametrize(
    "module", ["statistics", "blocks", "comparison", "metrics.memory", "prometheus", "verdict"]
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
