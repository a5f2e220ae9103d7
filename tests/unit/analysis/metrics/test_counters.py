"""The app's own counters of things gone wrong."""

from dataclasses import replace

import numpy
import pytest
from fakes.observed import LIMITS, RULE, compared, observed, parted

from pytest_canary.analysis.metrics.counters import COUNTERS


@pytest.mark.parametrize(
    ("baseline", "canary", "answer", "words"),
    [
        (
            0,
            0,
            "go",
            "it is at most 1.23 in 100 requests more, and 1.5 in 100 requests would matter",
        ),
        (
            0,
            15,
            "no-go",
            "it is 2.71 to 8.25 in 100 requests more, and 1.5 in 100 requests is too much",
        ),
        (600, 300, "inconclusive", "it may be 14.3 in 100 requests more"),
        (600, 900, "no-go", "grew by 900 in 300 requests to the canary, by 600 in the baseline's"),
    ],
)
def test_counters(baseline: int, canary: int, answer: str, words: str) -> None:
    name = "jobs_failed_total"
    found = compared(
        COUNTERS,
        observed(600, counters={name: parted(baseline)}),
        observed(300, counters={name: parted(canary)}),
    )
    assert (found.metric, found.answer) == (name, answer)
    assert words in found.sentence


def test_a_counter_is_held_against_the_requests_until_it_was_read() -> None:
    name = "jobs_failed_total"
    canary = replace(observed(90, counters={name: parted(6)}), counted=120)
    baseline = replace(observed(180, counters={name: parted(0)}), counted=240)
    found = compared(COUNTERS, baseline, canary)
    assert found.canary == 6 / 120
    assert found.sentence.startswith(
        "jobs_failed_total grew by 6 in 120 requests to the canary, by 0 in the baseline's 240; "
    )


def test_a_page_that_no_longer_comes_is_a_lack_and_told() -> None:
    """Or else a canary that shows its counters no more would hide what they count."""
    name = "jobs_failed_total"
    gone = "the canary's page of metrics no longer comes: it came last after 60 of 400 requests"
    canary = replace(observed(400, counters={name: parted(0)}), counted=60)
    found = compared(COUNTERS, observed(400, counters={name: parted(0)}), canary)
    assert (found.metric, found.answer, found.sentence) == ("metrics", "inconclusive", gone)
    # However much would have been proven by then.
    longer = replace(observed(4000, counters={name: parted(0)}), counted=1900)
    assert compared(COUNTERS, observed(4000, counters={name: parted(0)}), longer).answer != "go"
    failing = replace(observed(400, counters={name: parted(60)}), counted=60)
    assert compared(COUNTERS, observed(400, counters={name: parted(0)}), failing).answer == "no-go"
    # Also where nothing was counted by then: it might have been since.
    nothing = replace(observed(400, counters={}), counted=60)
    silent = compared(COUNTERS, observed(400, counters={}), nothing)
    assert (silent.metric, silent.answer, silent.sentence) == ("metrics", "inconclusive", gone)


def test_a_counter_that_is_absent_is_0() -> None:
    """Many libraries show one only once it has counted something."""
    found = compared(
        COUNTERS, observed(600, counters={"db_errors_total": parted(1)}), observed(counters={})
    )
    assert found.answer == "go"
    assert found.sentence == (
        "db_errors_total grew by 0 in 300 requests to the canary, by 1 in the baseline's 600; "
        "it is at most 1.07 in 100 requests more, and 1.5 in 100 requests would matter"
    )
    found = compared(
        COUNTERS, observed(600, counters={}), observed(counters={"a_total": parted(0)})
    )
    assert found.answer == "go"


@pytest.mark.parametrize(
    ("count", "answer"), [(0, "go"), (4, "inconclusive"), (90, "inconclusive")]
)
@pytest.mark.parametrize("baseline", [None, {}])
def test_a_counter_that_is_new_can_be_harmless_but_not_worse(
    baseline: dict[str, list[float]] | None, count: int, answer: str
) -> None:
    canary = observed(counters={"a_total": parted(count)})
    found = compared(COUNTERS, observed(counters=baseline), canary)
    assert (found.answer, found.level) == (answer, 0)
    assert "; the baseline has no such counter; it " in found.sentence


def test_a_page_that_the_canary_does_not_have_is_a_lack() -> None:
    found = compared(COUNTERS, observed(counters={}), observed(counters=None))
    assert (found.metric, found.answer) == ("metrics", "inconclusive")
    assert found.sentence == "the canary has no page of metrics, which the baseline has"


def retried(seed: int, count: int, times: int) -> dict[str, list[float]]:
    """1 % of requests fail, and each failure counts so many times; read 12 times."""
    failures = numpy.random.default_rng(seed).poisson(0.01 * count / 12, 12)
    return {"db_errors_total": [float(times * each) for each in failures]}


@pytest.mark.parametrize("times", [1, 3, 10])
def test_retries_of_both_alike_are_no_no_go(times: int) -> None:
    for seed in range(0, 60, 2):
        found = compared(
            COUNTERS,
            observed(600, counters=retried(seed, 600, times)),
            observed(300, counters=retried(seed + 1, 300, times)),
        )
        assert found.answer != "no-go"


def test_one_failure_that_counts_ten_times_is_one() -> None:
    canary = observed(counters={"a_total": [0.0] * 5 + [10.0] + [0.0] * 6})
    found = compared(COUNTERS, observed(600, counters={"a_total": parted(0)}), canary)
    assert found.answer == "inconclusive"
    assert found.p is not None
    assert found.p > 0.3


def test_a_counter_that_grows_in_one_reading_alone_is_no_proof() -> None:
    canary = observed(counters={"a_total": [60.0]})
    found = compared(COUNTERS, observed(600, counters={"a_total": [0.0]}), canary)
    assert (found.answer, found.p) == ("inconclusive", 0.5)


def test_a_counter_that_nobody_has_read_twice_has_not_grown() -> None:
    none = observed(600, counters={"a_total": []})
    found = compared(COUNTERS, none, observed(counters={"a_total": []}))
    assert (found.answer, found.p) == ("go", 1)


@pytest.mark.parametrize(("baseline", "canary"), [(0, 9), (9, 0)])
def test_a_counter_takes_requests(baseline: int, canary: int) -> None:
    one, other = (observed(each, counters={"a_total": [3.0]}) for each in (baseline, canary))
    found = compared(COUNTERS, one, other)
    assert (found.answer, found.p) == ("inconclusive", None)


def test_the_level_is_parted_among_the_counters() -> None:
    two = observed(counters={"b_total": [0.0], "a_total": [0.0]})
    found = COUNTERS.compare(two, two, LIMITS, RULE)
    assert [(each.metric, each.level) for each in found] == [
        ("a_total", RULE.level / 2),
        ("b_total", RULE.level / 2),
    ]


@pytest.mark.parametrize(
    ("baseline", "canary", "sentence"),
    [
        (None, None, "the app's own counters: neither version has a page of metrics"),
        ({}, {}, "the app's own counters: none counts errors"),
        ({"a_total": [0.0]}, None, ""),
        (None, {"a_total": [0.0]}, ""),
    ],
)
def test_counters_that_neither_version_has_are_omitted(
    baseline: dict[str, list[float]] | None, canary: dict[str, list[float]] | None, sentence: str
) -> None:
    both = observed(counters=baseline), observed(counters=canary)
    assert COUNTERS.omitted(*both) == sentence
    assert (COUNTERS.compare(*both, LIMITS, RULE) == ()) is bool(sentence)


@pytest.mark.parametrize("who", ["canary", "baseline"])
def test_counters_of_several_processes_behind_one_page_are_not_compared(who: str) -> None:
    """One that has counted 40 more than the other answers: that is no growth."""
    jumped = observed(counters={"a_total": parted(40)})
    both = {"baseline": observed(600, counters={"a_total": parted(0)}), "canary": jumped}
    assert compared(COUNTERS, both["baseline"], both["canary"]).answer == "no-go"
    both[who] = replace(both[who], several_processes=True)
    assert COUNTERS.compare(both["baseline"], both["canary"], LIMITS, RULE) == ()
    assert COUNTERS.omitted(both["baseline"], both["canary"]) == (
        f"the app's own counters: in a pod of the {who} several processes answer behind /metrics, "
        "each with its own; let one page add them up"
    )


def test_a_page_that_the_canary_lacks_is_lacking_however_many_processes_the_baseline_has() -> None:
    baseline = replace(observed(600, counters={"a_total": parted(0)}), several_processes=True)
    found = compared(COUNTERS, baseline, observed(counters=None))
    assert found.sentence == "the canary has no page of metrics, which the baseline has"
    assert COUNTERS.omitted(baseline, observed(counters=None)) == ""
