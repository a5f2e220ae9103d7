"""The release as pictures: what is drawn, and the drawing itself."""

from __future__ import annotations

import re
import signal
import subprocess
from xml.etree import ElementTree

import pytest
from fakes.commands import eventually
from fakes.reports import sample

from pytest_canary.core.errors import CommandError
from pytest_canary.reporting.document import Comparison, Report, Version, Versions
from pytest_canary.reporting.figures import Point, Replicas, Share, Traffic
from pytest_canary.reporting.pictures import charts
from pytest_canary.reporting.pictures.cells import difference, difference_text, share
from pytest_canary.reporting.pictures.drawing import Drawer, embed
from pytest_canary.reporting.pictures.frame import COLOURS, NARROW, WIDE, Frame, Span, ticks
from pytest_canary.reporting.pictures.levels import (
    Named,
    Step,
    rates,
    ready,
    runs,
    stack,
    wanted_replicas,
)
from pytest_canary.reporting.pictures.stages import below_each_other, fits, label, on_poles

Drawings = dict[str, dict[tuple[str, str], str]]
BOTH = Versions(baseline=Version(version="1"), candidate=Version(version="2"))


def report(**parts: object) -> Report:
    return sample("empty").model_copy(update={"versions": BOTH, **parts})


def row(at: float, name: str, version: str, wanted: int, ready: int) -> Replicas:
    return Replicas(
        at=at, deployment=name, version=version, wanted=wanted, ready=ready, available=ready
    )


# Who was how high, and when.


def test_ready_pods_of_a_version_add_up_over_the_deployments() -> None:
    rows = (
        row(1, "web-stable", "1", 3, 3),
        row(2, "web-canary", "2", 1, 1),
        row(3, "web-stable", "1", 3, 2),
        row(3, "web-stable", "2", 3, 1),
    )
    found = ready(report(replicas=rows))
    assert found.roles == {"1": "baseline", "2": "canary"}
    assert [(step.at, dict(step.heights)) for step in found.steps] == [
        (1, {"1": 3, "2": 0}),
        (2, {"1": 3, "2": 1}),
        (3, {"1": 2, "2": 2}),
    ]
    assert wanted_replicas(rows) == [(1, 3), (2, 4), (3, 4)]


def test_pods_whose_version_is_not_known_are_told_apart_by_deployment() -> None:
    rows = (row(1, "web-stable", "", 3, 3), row(2, "web-canary", "2", 1, 1))
    found = ready(report(replicas=rows))
    assert found.roles == {"web-canary": "canary", "web-stable": "other"}
    assert found.steps[-1].heights == {"web-canary": 1, "web-stable": 3}


def test_versions_without_a_name_go_by_what_they_are() -> None:
    nameless = Versions(baseline=Version(), candidate=Version())
    rows = (row(1, "web-stable", "baseline", 3, 3), row(2, "web-canary", "candidate", 1, 1))
    found = report(replicas=rows, versions=nameless)
    assert ready(found).roles == {"baseline": "baseline", "candidate": "canary"}
    assert charts.replicas(found).description == (
        "the baseline between 3 and 3 ready, the candidate between 0 and 1 ready; wanted were "
        "up to 4."
    )
    assert rates(found, Traffic(series=(Point(at=0, requests=1),))).roles == {"": "other"}


def test_requests_are_counted_by_the_second_and_a_gap_is_none() -> None:
    series = (
        Point(at=4, version="2", requests=10),
        Point(at=4, version="1", requests=20),
        Point(at=4, requests=2),
        Point(at=8, version="1", requests=30),
    )
    found = rates(report(), Traffic(bin=2, series=series))
    assert list(found.roles.items()) == [("1", "baseline"), ("2", "canary"), ("", "other")]
    assert [(step.at, list(step.heights.values())) for step in found.steps] == [
        (4, [10, 5, 1]),
        (6, [0, 0, 0]),
        (8, [15, 0, 0]),
    ]


def test_what_is_stacked_lies_on_what_is_below_and_ends_where_it_ended() -> None:
    steps = [Step(0, {"1": 3, "2": 0}), Step(5, {"1": 2, "2": 1}), Step(7, {"1": 3, "2": 0})]
    found = stack(Named(steps, {"1": "baseline", "2": "canary"}), 9)
    assert [(r["role"], r["part"], r["x"], r["y0"], r["y"]) for r in found] == [
        ("baseline", 0, 0, 0, 3),
        ("baseline", 0, 5, 0, 2),
        ("baseline", 0, 7, 0, 3),
        ("baseline", 0, 9, 0, 3),
        ("canary", 1, 5, 2, 3),
        ("canary", 1, 7, 2, 3),
    ]


def test_no_line_is_drawn_across_a_time_without_answers() -> None:
    points = [Point(at=at, requests=1, p95=0.1 if at != 2 else None) for at in (0, 1, 2, 3, 6)]
    assert [[point.at for point in run] for run in runs(points, 1)] == [[0, 1], [3], [6]]


# The strip.


def spans(*parts: tuple[str, float, float]) -> list[Span]:
    return [Span(*part) for part in parts]


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_no_names_pole_runs_through_another_name(frame: Frame) -> None:
    report = sample("green")
    found = on_poles(
        [
            label(Span(s.name, s.began or 0, (s.began or 0) + s.seconds), frame, 46.3)
            for s in report.stages
        ]
    )
    assert len(found) == 9
    for one in found:
        for other in found:
            if one is other:
                continue
            assert not (
                one.lane == other.lane and one.left < other.right and other.left < one.right
            )
            pole = (other.span.ended if other.flush else other.span.began) / 46.3 * frame.inner
            inside = one.left + 1 < pole < one.right - 1
            assert not (inside and other.lane > one.lane)


def test_a_name_that_would_run_out_of_the_picture_ends_with_its_stage() -> None:
    found = label(Span("cleanup", 44, 46), NARROW, 46.3)
    assert found.flush
    assert found.right <= NARROW.inner
    assert not label(Span("cluster", 0, 14), NARROW, 46.3).flush


def test_names_of_transitions_have_a_lane_where_two_would_meet() -> None:
    changes = spans(("deploy", 0, 10), ("migrate", 2, 3), ("promote", 20, 30))
    found = below_each_other([label(s, NARROW, 40) for s in changes], 40, NARROW)
    assert [each.lane for each in found] == [0, 1, 0]


def test_a_name_stands_in_its_band_where_it_has_room() -> None:
    assert fits(Span("migration", 0, 10), WIDE, 46.3)
    assert not fits(Span("migration", 0, 2), WIDE, 46.3)
    assert not fits(Span("migration", 0, 10), NARROW, 46.3)


@pytest.mark.parametrize(
    ("seconds", "most", "found"),
    [(1, 10, [0, 1]), (46.3, 10, [0, 5, 10]), (46.3, 4, [0, 15, 30, 45]), (1800, 10, [0, 300])],
)
def test_ticks_are_round_and_few(seconds: float, most: int, found: list[int]) -> None:
    assert ticks(seconds, most)[: len(found)] == found
    assert len(ticks(seconds, most)) <= most + 1


# What it is that is drawn.


def test_a_run_has_the_pictures_that_it_has_data_for() -> None:
    def keys(name: str) -> list[str]:
        return [picture.key for picture in charts.pictures(sample(name)) if picture.specs]

    assert keys("failed") == ["timeline", "replicas", "requests", "errors", "latency"]
    assert keys("green") == ["timeline", "replicas", "requests", "latency"]
    assert keys("first-release") == ["timeline", "replicas"]
    assert keys("empty") == []


def test_every_picture_says_in_words_what_is_to_be_seen() -> None:
    told = {picture.key: picture.description for picture in charts.pictures(sample("failed"))}
    assert told["timeline"].startswith("6 stages in 35.7 s: preflight 0.4 s, cluster 14.1 s")
    assert "canary 9.4 s (failed)" in told["timeline"]
    assert told["replicas"] == (
        "version 1 between 0 and 3 ready, version 2 between 0 and 1 ready; wanted were up to 4."
    )
    assert re.match(
        r"47 requests were lost: \d+ of version 2, \d+ of no version told\.", told["errors"]
    )
    assert told["latency"].startswith("p95: version 1 between 11 ms and 1")


def test_no_errors_are_told_in_words() -> None:
    (found,) = (p for p in charts.pictures(sample("green")) if p.key == "errors")
    assert found.caption == "None: all 1,295 were answered as promised."
    assert not found.specs


def test_latencies_far_apart_have_a_logarithmic_axis() -> None:
    def axis(*p95: float) -> str:
        series = tuple(Point(at=n, version="1", requests=1, p95=v) for n, v in enumerate(p95))
        spec = charts.latencies(report(), Traffic(series=series)).specs["wide"]
        return str(spec["layer"][2]["encoding"]["y"]["scale"].get("type", "linear"))

    assert axis(0.01, 0.02) == "linear"
    assert axis(0.01, 2.0) == "log"


@pytest.mark.parametrize(
    ("effect", "shape", "at"),
    [(0.1, "circle", 1.0), (-0.9, "triangle-left", -2), (9, "triangle-right", 2)],
)
def test_a_difference_far_out_points_there(effect: float, shape: str, at: float) -> None:
    found = difference(Comparison(metric="latency", effect=effect, least=0.1, answer="go"), 0)
    assert found
    point = found.specs["cell"]["layer"][-1]
    assert point["mark"]["shape"] == shape
    assert point["data"]["values"][0]["x"] == at


def test_a_difference_without_a_measure_is_not_drawn() -> None:
    assert difference(Comparison(metric="restarts", effect=1), 0) is None
    assert difference(Comparison(metric="restarts", least=1), 0) is None
    assert (
        difference_text(Comparison(metric="x", effect=0.5, interval=(0.25, 1)))
        == "+0.5 (+0.25 to +1)"
    )


# The drawing.


def test_colours_come_through_as_what_a_style_can_change(drawings: Drawings) -> None:
    svgs = drawings["failed"]
    assert set(svgs) == {
        (key, size)
        for key in ("timeline", "replicas", "requests", "errors", "latency")
        for size in ("wide", "narrow")
    }
    for name in ("baseline", "canary", "lost", "band", "grid", "muted"):
        assert any(f'"var(--{name}, {COLOURS[name]})"' in svg for svg in svgs.values()), name
    used = set(re.findall(r"var\(--([a-z-]+)", "".join(svgs.values())))
    assert used <= set(COLOURS)


def test_each_drawing_is_an_image_with_a_name_and_ids_of_its_own() -> None:
    found = Drawer().draw(
        [share(Share(value=0.3, low=0.2, high=0.4, expected=1 / 3, connections=9))]
    )
    svg = ElementTree.fromstring(found["share", "cell"])
    space = "{http://www.w3.org/2000/svg}"
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "share-cell-title share-cell-desc"
    assert svg[0].tag == f"{space}title"
    assert svg[1].text == "30 % (20 to 40), where its replicas make 33 %."
    assert all(each.get("id", "share-cell").startswith("share-cell") for each in svg.iter())
    assert not [each for each in svg.iter() if each is not svg and each.get("role")]


def test_references_within_a_drawing_lead_to_its_own_parts() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><clipPath id="c"/>'
        '<g clip-path="url(#c)" role="graphics-object" aria-label="x"/></svg>'
    )
    assert embed(svg, "a-wide", "<b>", "&") == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" role="img" '
        'aria-labelledby="a-wide-title a-wide-desc"><title id="a-wide-title">&lt;b&gt;</title>'
        '<desc id="a-wide-desc">&amp;</desc><clipPath id="a-wide-c" />'
        '<g clip-path="url(#a-wide-c)" /></svg>'
    )


def test_markup_in_names_stays_text(drawings: Drawings) -> None:
    svgs = drawings["hostile"]
    for svg in svgs.values():
        assert {each.tag.split("}")[1] for each in ElementTree.fromstring(svg).iter()} <= {
            *("svg", "title", "desc", "g", "path", "line", "text", "defs", "clipPath", "rect"),
        }
    assert "&lt;b&gt;deploy the canary&lt;/b&gt;&amp;" in svgs["timeline", "wide"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert Drawer().draw_specs([]) == []


def test_a_drawing_that_fails_says_why() -> None:
    with pytest.raises(CommandError, match=r"exited with code 1"):
        Drawer().draw_specs([{"mark": "no such thing"}])


def test_what_draws_is_gone_afterwards(started: list[subprocess.Popen[bytes]]) -> None:
    Drawer().draw(charts.pictures(sample("first-release")))
    assert len(started) == 1, "one process for all pictures"
    assert started[0].returncode == 0


def test_what_draws_is_ended_where_nobody_asks_it(started: list[subprocess.Popen[bytes]]) -> None:
    drawer = Drawer()
    assert eventually(lambda: bool(started))
    drawer.close()
    assert eventually(lambda: started[0].poll() == -signal.SIGKILL)
