"""The traffic's and the verdict's own figures, as the report has them."""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes.server import Asked, Reply, Server
from fakes.traffic import patient
from fakes.verdicts import observed, tight

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import Judge
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.statistics import share
from pytest_canary.api.factory import client_for
from pytest_canary.config.settings import Settings
from pytest_canary.config.settings import VerdictSettings as Limits
from pytest_canary.core.errors import TrafficError
from pytest_canary.reporting import records
from pytest_canary.traffic import ReadBack, Traffic

API = {
    "write": {"method": "POST", "path": "/notes", "json": {"text": "{unique}"}, "status": 201},
    "read": {"method": "GET", "path": "/notes"},
    "version-header": "X-Version",
    "pod-header": "X-Pod",
}


def test_a_verdict_is_told_with_its_comparisons_in_units() -> None:
    verdict = Judge(Limits()).look(1.0, observed(1000), observed(500))
    found = records.verdict_of(verdict, confidence=0.95)
    assert (found.answer, found.sentence) == ("go", "errors 0.0 % and 0.0 %, p95 13 ms and 13 ms")
    assert (found.samples, found.looks) == ({"baseline": 1000, "canary": 500}, 1)
    assert found.confidence == 0.95
    assert found.percentiles["p95"].canary == verdict.percentiles["p95"][1]
    assert found.omitted == verdict.omitted
    by_name = {each.metric: each for each in found.comparisons}
    assert (by_name["latency"].baseline, by_name["latency"].canary) == ("12 ms", "12 ms")
    assert by_name["memory"].canary == "60 MB"
    assert by_name["errors"].effect_text.endswith(") points")
    assert by_name["restarts"].effect_text == "+0"


@pytest.mark.parametrize("interval", [(-math.inf, math.inf), (0.001, math.inf)])
def test_an_interval_whose_end_nobody_knows_is_told_by_the_sentence_alone(
    interval: tuple[float, float],
) -> None:
    verdict = Judge(Limits()).look(1.0, observed(1000), observed(500))
    unsure = [replace(each, effect=0.003, interval=interval) for each in verdict.comparisons]
    found = records.verdict_of(replace(verdict, comparisons=tuple(unsure)))
    latency = {each.metric: each for each in found.comparisons}["latency"]
    assert (latency.effect, latency.interval, latency.effect_text) == (0.003, None, "+3 ms")
    assert latency.sentence
    assert json.loads(found.model_dump_json())["comparisons"][0]["interval"] is None


def test_a_slower_canary_is_told_by_how_much() -> None:
    slower = observed(500, seconds=tight(500, more=0.1))
    verdict = Judge(Limits()).look(1.0, observed(1000), slower)
    found = {each.metric: each for each in records.verdict_of(verdict).comparisons}["latency"]
    assert found.answer == "no-go"
    assert found.effect_text == "+100 (+99.4 to +101) ms"
    assert found.effect == pytest.approx(0.1, abs=1e-3)
    assert found.level is not None
    assert found.p is not None
    assert found.p < found.level


def test_what_was_not_measured_is_told_as_such() -> None:
    nothing = Observed(Requests.of((), ()), None)
    found = records.verdict_of(Judge(Limits()).look(1.0, observed(1000), nothing))
    assert found.answer == "inconclusive"
    errors = next(each for each in found.comparisons if each.metric == "errors")
    assert (errors.effect, errors.effect_text, errors.canary) == (None, "", "")
    assert errors.sentence


def test_a_share_is_told_with_what_was_expected() -> None:
    found = records.share_of(share(34, 100), 1 / 3, 100)
    assert (found.value, found.expected, found.connections) == (0.34, 1 / 3, 100)
    assert found.low < found.expected < found.high
    assert records.share_of(share(0, 10), 0.3, 10).low == 0
    assert records.share_of(share(10, 10), 0.3, 10).high == 1


@pytest.fixture
def walked(server: Server, configured: Callable[..., Settings]) -> Traffic:
    """Forty requests, one read of which is answered with 503, in two stages."""
    lock, answered, done = threading.Lock(), Counter[str](), threading.Event()

    def reply(asked: Asked) -> Reply:
        headers = {"X-Version": "2", "X-Pod": "web-1"}
        with lock:
            answered[asked.method] += 1
            if answered.total() >= 40:
                done.set()
            third = asked.method == "GET" and answered["GET"] == 3
        if third:
            return Reply(503, {"error": "<busy>"}, headers)
        return Reply(201 if asked.method == "POST" else 200, {"text": asked.body}, headers)

    server.reply = reply
    tables: dict[str, Any] = {"api": API, "traffic": {"rate": 100, "writes": 0.5, "slow": 20}}
    settings = configured(**tables)
    traffic = Traffic(client_for(server.url, settings), settings.traffic, generate=patient)
    traffic.enter_phase("baseline")
    traffic.start()
    traffic.enter_phase("canary", "deploy the canary")
    assert done.wait(30)
    traffic.stop()
    return traffic


def test_traffic_is_told_on_the_runs_own_clock(walked: Traffic) -> None:
    found = records.traffic_of(walked, 18.3, 18.8)
    assert (found.rate, found.sent, found.lost) == (100, walked.sent, walked.lost)
    assert found.writes == len(walked.writes.acknowledged) > 10
    assert found.bin == 1
    assert sum(point.requests for point in found.series) == found.sent
    assert min(point.at for point in found.series) == pytest.approx(18.3)
    assert {point.version for point in found.series} == {"2"}
    assert sum(each.sent for each in found.by_transition) == found.sent
    assert found.by_transition[-1].name == "deploy the canary"
    assert found.lag
    assert found.cost is not None


def test_a_lost_request_is_told_with_who_answered_and_whether_to_try_again(
    walked: Traffic,
) -> None:
    found = records.traffic_of(walked, 18.3, 18.8)
    assert found.lost >= 1
    first = found.losses[0]
    assert (first.request, first.kind, first.retryable) == ("GET /notes", "status 503", True)
    assert (first.version, first.pod) == ("2", "web-1")
    assert "<busy>" in first.detail
    assert first.at >= 18.3


def test_writes_are_read_back_or_said_not_to_be(walked: Traffic) -> None:
    assert records.traffic_of(walked, 0, 1).read_back is False
    back = ReadBack(20, ("row 1",), ("row 2",), 0, 0, "GET /notes")
    found = records.traffic_of(walked, 0, 1, back)
    assert (found.read_back, found.lost_writes, found.doubled_writes) == (
        True,
        ("row 1",),
        ("row 2",),
    )
    back = ReadBack(20, (), ("row 2",), 1, 1, "GET /notes", repeated=("row 3",))
    assert records.traffic_of(walked, 0, 1, back).doubled_writes == ("row 2", "row 3")


def test_half_an_hour_is_binned_before_its_percentiles_are_taken(walked: Traffic) -> None:
    found = records.traffic_of(walked, 0, 1800)
    assert found.bin == 6
    assert sum(point.requests for point in found.series) == found.sent


def test_traffic_that_never_ran_is_no_figure(
    configured: Callable[..., Settings], server: Server
) -> None:
    settings = configured(api=API)
    traffic = Traffic(client_for(server.url, settings), settings.traffic)
    with pytest.raises(TrafficError):
        records.traffic_of(traffic, 0, 1)
