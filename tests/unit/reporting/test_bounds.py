"""A report stays small, and says what it leaves out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pytest_canary.reporting.bounds import BINS, STEPS, shorten, steps, wider, with_bounds
from pytest_canary.reporting.document import Check, Found, Report, Spent, Stage
from pytest_canary.reporting.figures import Database, Loss, Point, Replicas, Traffic


def report(**parts: Any) -> Report:
    return Report(
        run="c7f2a1",
        name="shop",
        started=datetime(2026, 11, 23, tzinfo=UTC),
        seconds=1800,
        result="passed",
        **parts,
    )


def points(count: int, began: float = 0.0, bin_: float = 1.0) -> tuple[Point, ...]:
    return tuple(
        Point(at=began + n * bin_, version=v, requests=10 + n % 3, errors=n % 2, p95=n / 1000)
        for n in range(count)
        for v in ("1", "2")
    )


def test_half_an_hour_of_seconds_becomes_a_picture_of_bins() -> None:
    series = points(1800, began=17.3)
    found = wider(Traffic(series=series))
    assert found.bin == 6
    assert len({point.at for point in found.series}) == 300 == BINS
    assert found.series[0].at == 17.3
    assert sum(p.requests for p in found.series) == sum(p.requests for p in series)
    assert sum(p.errors for p in found.series) == sum(p.errors for p in series)


def test_a_wider_bin_has_the_worst_of_its_percentiles() -> None:
    found = wider(Traffic(series=points(10)), most=5)
    assert [p.p95 for p in found.series if p.version == "1"] == [0.001, 0.003, 0.005, 0.007, 0.009]
    assert {p.p50 for p in found.series} == {None}


def test_bins_that_are_no_round_numbers_fall_where_they_belong() -> None:
    found = wider(Traffic(bin=0.1, series=points(600, began=0.7, bin_=0.1)), most=300)
    assert [p.requests for p in found.series if p.version == "1"] == [21, 22, 23] * 0 + [
        (10 + n % 3) + (10 + (n + 1) % 3) for n in range(0, 600, 2)
    ]


def test_a_short_series_is_left_alone() -> None:
    traffic = Traffic(series=points(BINS))
    assert wider(traffic) is traffic
    assert wider(Traffic()) == Traffic()


def row(at: float, ready: int) -> Replicas:
    return Replicas(at=at, deployment="web", version="1", wanted=3, ready=ready, available=ready)


def test_replicas_lose_the_rows_that_repeat_the_one_before() -> None:
    rows = [row(0, 1), row(1, 1), row(2, 2), row(3, 2), row(4, 1)]
    assert [each.at for each in steps(rows, 5)] == [0, 2, 4]


def test_replicas_that_flap_for_ever_are_thinned_but_end_as_they_ended() -> None:
    rows = [row(n / 10, n % 4) for n in range(18_000)]
    found = steps(rows, 1800)
    assert len(found) <= STEPS
    assert found[-1] == rows[-1]
    assert [each.at for each in found] == sorted(each.at for each in found)


def test_lists_are_cut_and_what_goes_is_counted() -> None:
    loss = Loss(at=1, request="GET /all", kind="reset")
    traffic = Traffic(lost=3200, losses=(loss,) * 3200, lost_writes=("row",) * 501)
    stage = Stage(
        name="canary",
        result="passed",
        spent=(Spent(kind="wait", name="it", seconds=1),) * 510,
    )
    found = with_bounds(
        report(traffic=traffic, database=Database(changes=("+ a",) * 600), stages=(stage,))
    )
    assert found.traffic
    assert found.database
    assert len(found.traffic.losses) == len(found.database.changes) == 500
    assert found.traffic.lost == 3200
    assert found.left_out == {
        "traffic.losses": 2700,
        "traffic.lost_writes": 1,
        "database.changes": 100,
        "stages.spent": 10,
    }
    assert with_bounds(found) == found


def test_evidence_keeps_its_head_and_more_of_its_tail() -> None:
    text = "first\n" + "x" * 100_000 + "\nlast"
    stage = Stage(
        name="canary",
        result="failed",
        checks=(Check(sentence="it holds", result="failed", evidence=text),),
    )
    found = with_bounds(
        report(stages=(stage,), findings=(Found(code="A", sentence="b", evidence=text),))
    )
    for kept in (found.stages[0].checks[0].evidence, found.findings[0].evidence):
        assert kept.startswith("first\n")
        assert kept.endswith("\nlast")
        assert "\n… 80,011 characters left out …\n" in kept
        assert len(kept) < 20_100


def test_a_short_text_is_left_alone() -> None:
    assert shorten("as it is") == "as it is"


def test_half_an_hour_makes_no_large_report() -> None:
    traffic = Traffic(series=points(1800), losses=())
    rows = tuple(row(n / 10, n % 4) for n in range(18_000))
    assert len(with_bounds(report(traffic=traffic, replicas=rows)).text) < 400_000
