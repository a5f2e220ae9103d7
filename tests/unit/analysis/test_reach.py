"""Settings with which no canary can ever get a go are told, and no others."""

import math
from typing import Any

import pytest
from fakes.folders import ROOT
from fakes.observed import observed, requests

from pytest_canary.analysis.judge import FIRST, Judge, least_seconds
from pytest_canary.analysis.reach import BY_HEADER, BY_TRACK, Way, unreachable_go
from pytest_canary.analysis.statistics import signed_rank
from pytest_canary.config import settings_file
from pytest_canary.config.settings import Settings, VerdictSettings


def settings(**tables: Any) -> Settings:
    return settings_file.check(tables, ROOT, "canary.toml")


def told(way: Way = BY_TRACK, **tables: Any) -> tuple[str, str]:
    """What is told of these settings, and what to do."""
    found = unreachable_go(settings(**tables), way)
    return (found.sentence, found.next) if found else ("", "")


def test_the_defaults_are_within_reach() -> None:
    assert told() == told(BY_HEADER) == ("", "")


def test_a_window_that_is_too_short_is_told_with_what_would_do() -> None:
    assert told(verdict={"seconds": 3, "rate": 75}) == (
        "no canary can get a go: with verdict.errors = 0.015 and verdict.confidence = 0.95 that "
        "takes 253 requests to it, and verdict.seconds = 3 and verdict.rate = 75 give it 174 at "
        "most",
        "set verdict.seconds to at least 5; or say in verdict.errors or verdict.confidence that "
        "less proof is enough",
    )
    assert told(verdict={"seconds": 5, "rate": 75}) == ("", "")


def test_the_rate_begins_low_so_that_it_may_be_too_low_for_all_of_the_window() -> None:
    # 75 a second for 4 s would be 300.
    assert told(verdict={"seconds": 4, "rate": 75})[0].endswith("give it 249 at most")
    assert told(verdict={"seconds": 4, "rate": 75}, traffic={"rate": 150}) == ("", "")


def test_a_proof_of_very_few_errors_is_told_with_the_rate_that_would_do() -> None:
    sentence, advice = told(verdict={"errors": 0.001, "rate": 75})
    assert "that takes 3,838 requests to it" in sentence
    assert advice.startswith(
        "set verdict.seconds to at least 52 or verdict.rate to at least 99; or say "
    )
    assert told(verdict={"errors": 0.001, "rate": 99}) == ("", "")
    assert told(verdict={"errors": 0.001, "rate": 98}) != ("", "")


def test_where_no_setting_but_the_proof_is_at_fault_that_is_what_is_told() -> None:
    sentence, advice = told(verdict={"errors": 0.00001, "rate": 1})
    assert "that takes 384,143 requests to it" in sentence
    assert advice == "say in verdict.errors or verdict.confidence that less proof is enough"


def test_a_window_of_fewer_blocks_than_latencies_take_is_told() -> None:
    sentence, advice = told(
        verdict={"seconds": 4, "rate": 500, "confidence": 0.9999}, traffic={"rate": 500}
    )
    assert sentence == (
        "no canary can get a go: with verdict.confidence = 0.9999 it takes more than 7 s to "
        "compare latencies, and verdict.seconds = 4"
    )
    assert advice.startswith("set verdict.seconds to at least 7; or say ")


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99, 0.9999])
def test_it_takes_so_many_blocks_to_compare_latencies(confidence: float) -> None:
    limits = VerdictSettings(confidence=confidence)
    blocks = round(least_seconds(limits) / 0.5) + 1
    two_sided = 1 - 2 * (1 - confidence) * FIRST
    assert math.isfinite(signed_rank([0.0] * blocks, two_sided).high)
    assert math.isinf(signed_rank([0.0] * (blocks - 1), two_sided).high)


def test_a_canary_among_many_pods_is_told_where_a_header_tells_who_answers() -> None:
    replicas = {"stable": 10, "stable-during-canary": 9}
    assert told(BY_HEADER, replicas=replicas) == (
        "no canary can get a go: with verdict.errors = 0.015 and verdict.confidence = 0.95 that "
        "takes 253 requests to it, and verdict.seconds = 40 and traffic.rate = 30, shared with 9 "
        "pods of stable by 1 of the canary, give it 165 at most",
        "set verdict.seconds to at least 66 or traffic.rate to at least 49; or say in "
        "verdict.errors or verdict.confidence that less proof is enough",
    )
    assert told(BY_TRACK, replicas=replicas) == ("", "")
    # 240 on average, so that some canary gets 253.
    assert told(BY_HEADER, replicas={"stable": 5, "stable-during-canary": 4}) == ("", "")


def test_a_baseline_that_gets_too_little_is_told() -> None:
    replicas = {"canary": 50, "stable": 2, "stable-during-canary": 1}
    sentence, _ = told(BY_HEADER, replicas=replicas)
    assert sentence == (
        "no canary can get a go: that takes 100 requests to the baseline, and verdict.seconds = 40 "
        "and traffic.rate = 30, shared with 1 pods of stable by 50 of the canary, give it 43 at "
        "most"
    )


@pytest.mark.parametrize(("errors", "count"), [(0.015, 253), (0.001, 3838)])
def test_as_many_as_are_needed_get_a_go_and_one_fewer_does_not(errors: float, count: int) -> None:
    def answer(asked: int) -> str:
        limits = VerdictSettings(errors=errors)
        both = observed(requests(asked, seconds=0.01)), observed(requests(asked, seconds=0.01))
        return Judge(limits).look(1.0, *both).answer

    assert answer(count) == "go"
    assert answer(count - 1) == "inconclusive"
