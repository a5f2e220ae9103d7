"""The app's own counters of things gone wrong."""

from dataclasses import replace

import pytest
from fakes.observed import LIMITS, RULE, compared, observed

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
def test_counters(baseline: float, canary: float, answer: str, words: str) -> None:
    name = "jobs_failed_total"
    found = compared(
        COUNTERS,
        observed(600, counters={name: baseline}),
        observed(300, counters={name: canary}),
    )
    assert (found.metric, found.answer) == (name, answer)
    assert words in found.sentence


def test_a_counter_is_held_against_the_requests_until_it_was_read() -> None:
    name = "jobs_failed_total"
    canary = replace(observed(90, counters={name: 6}), counted=120)
    baseline = replace(observed(180, counters={name: 0}), counted=240)
    found = compared(COUNTERS, baseline, canary)
    assert found.canary == 6 / 120
    assert found.sentence.startswith(
        "jobs_failed_total grew by 6 in 120 requests to the canary, by 0 in the baseline's 240; "
    )


def test_a_counter_that_the_canary_lost_is_no_go_for_lack_of_data() -> None:
    found = compared(
        COUNTERS, observed(counters={"a_total": 0.0}), observed(counters={}), errors=0.1
    )
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == "the canary has no a_total, which the baseline has"


@pytest.mark.parametrize(
    ("count", "answer"), [(0, "go"), (4, "inconclusive"), (90, "inconclusive")]
)
def test_a_counter_that_is_new_can_be_harmless_but_not_worse(count: float, answer: str) -> None:
    found = compared(COUNTERS, observed(counters=None), observed(counters={"a_total": count}))
    assert found.answer == answer
    assert "the baseline has no such counter" in found.sentence


@pytest.mark.parametrize(("baseline", "canary"), [(0, 9), (9, 0)])
def test_a_counter_takes_requests(baseline: int, canary: int) -> None:
    one, other = (observed(each, counters={"a_total": 3.0}) for each in (baseline, canary))
    found = compared(COUNTERS, one, other)
    assert (found.answer, found.p) == ("inconclusive", None)


def test_the_level_is_parted_among_the_counters() -> None:
    two = observed(counters={"b_total": 0.0, "a_total": 0.0})
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
        ({"a_total": 0.0}, None, ""),
        (None, {"a_total": 0.0}, ""),
    ],
)
def test_counters_that_neither_version_has_are_omitted(
    baseline: dict[str, float] | None, canary: dict[str, float] | None, sentence: str
) -> None:
    both = observed(counters=baseline), observed(counters=canary)
    assert COUNTERS.omitted(*both) == sentence
    assert (COUNTERS.compare(*both, LIMITS, RULE) == ()) is bool(sentence)
