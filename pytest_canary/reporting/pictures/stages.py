"""The strip at the head of the picture: the stages one after the other, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_canary.core.wording import plural
from pytest_canary.reporting import words
from pytest_canary.reporting.document import Report
from pytest_canary.reporting.pictures.frame import (
    FRAMES,
    Frame,
    Picture,
    Rows,
    Span,
    Spec,
    colour,
    entered_stages,
    length,
    moment,
    time_axis,
    whole,
)

# Pixels.
CHIP = 26
LANE = 18
GAP = 10
CORNER = 4


@dataclass(frozen=True)
class Label:
    """A text on the strip, from one pixel to another, in one of the lanes above each other."""

    text: str
    left: float
    right: float
    lane: int
    span: Span
    flush: bool


def wide(text: str, frame: Frame) -> float:
    """About how many pixels a text takes; the reader's fonts aren't known here."""
    return len(text) * frame.font * 0.57


def label(span: Span, frame: Frame, seconds: float) -> Label:
    """A label that begins where its span does; or ends there, where it would run out of it all."""
    size = wide(span.name, frame) + 10
    began, ended = (at / seconds * frame.inner for at in (span.began, span.ended))
    flush = began + size > frame.inner
    left = max(0.0, ended - size) if flush else began
    return Label(span.name, left, left + size, 0, span, flush)


def on_poles(labels: Sequence[Label]) -> list[Label]:
    """The labels in lanes such that no label's pole runs through another's text.

    Each is above those that stand within its own width, and as low as that allows.
    """
    ahead = [each for each in reversed(labels) if not each.flush]
    placed: list[Label] = []
    for each in [*ahead, *(each for each in labels if each.flush)]:
        under = (p.lane for p in placed if p.left < each.right and each.left < p.right)
        placed.append(replace(each, lane=max(under, default=-1) + 1))
    return placed


def below_each_other(labels: Sequence[Label], seconds: float, frame: Frame) -> list[Label]:
    """The labels with their spans' bars, each in the first lane where both have room."""
    free: list[float] = []
    placed = []
    for each in labels:
        right = max(each.right, each.span.ended / seconds * frame.inner + 4)
        lane = next((n for n, end in enumerate(free) if end <= each.left), len(free))
        free[lane : lane + 1] = [right]
        placed.append(replace(each, lane=lane))
    return placed


def fits(span: Span, frame: Frame, seconds: float) -> bool:
    """Whether a stage's name has room within its band."""
    return (span.ended - span.began) / seconds * frame.inner >= wide(span.name, frame) + 10


def timeline(report: Report) -> Picture:
    """The stages as bands and the transitions below them, on the time axis of all pictures."""
    stages, results = entered_stages(report), {each.name: each.result for each in report.stages}
    transitions = [Span(each.name, each.began, each.ended) for each in report.transitions]
    named = ", ".join(
        f"{span.name} {words.seconds(span.ended - span.began)}"
        + (" (failed)" if results.get(span.name) == "failed" else "")
        for span in stages
    )
    return Picture(
        key="timeline",
        title="Stages and transitions",
        caption="The stages, and below them what changed the cluster.",
        description=f"{plural(len(stages), 'stage')} in {words.seconds(report.seconds)}: "
        f"{named}." + (f" {plural(len(transitions), 'transition')}." if transitions else ""),
        specs={frame.name: _spec(report, frame, stages, transitions) for frame in FRAMES}
        if stages
        else {},
        head=("what", "name", "began", "took"),
        rows=[
            *(("stage", s.name, moment(s.began), words.seconds(s.ended - s.began)) for s in stages),
            *(
                ("transition", s.name, moment(s.began), words.seconds(s.ended - s.began))
                for s in transitions
            ),
        ],
    )


def _spec(
    report: Report, frame: Frame, stages: Sequence[Span], transitions: Sequence[Span]
) -> Spec:
    seconds = length(report)
    scale = seconds / frame.inner
    flags = on_poles([label(s, frame, seconds) for s in stages if not fits(s, frame, seconds)])
    top = LANE * _high(flags)
    below = below_each_other([label(s, frame, seconds) for s in transitions], seconds, frame)
    first = top + CHIP + GAP
    height = first + LANE * _high(below)
    inside = [span for span in stages if fits(span, frame, seconds)]
    layers = [
        *_chips(report, stages, inside, top),
        *_flags(flags, top, scale),
        *_bars(below, first, scale),
    ]
    axis = time_axis(frame, seconds)
    y = {"type": "quantitative", "scale": {"domain": [0, height], "range": [0, height]}}
    for layer in layers:
        encoding = layer["encoding"]
        encoding["x"] = {**encoding["x"], **axis}
        encoding["y"] = {**encoding["y"], **y, "axis": None}
    return whole(frame, height, layers, bottom=22)


def _high(labels: Sequence[Label]) -> int:
    return max((label.lane for label in labels), default=-1) + 1


def _chips(
    report: Report, stages: Sequence[Span], inside: Sequence[Span], top: float
) -> list[Spec]:
    """The bands, coloured where a stage did not pass, and the names that have room in them."""
    results = {each.name: each.result for each in report.stages}
    tones = {"failed": "bad", "stopped": "stopped"}
    bands = [
        {
            "began": span.began,
            "ended": span.ended,
            "top": top,
            "bottom": top + CHIP,
            "fill": colour(tones.get(results[span.name], "chip")),
        }
        for span in stages
    ]
    names = [
        {
            "text": span.name,
            "x": (span.began + span.ended) / 2,
            "y": top + CHIP / 2,
            "fill": colour("on-tone" if results[span.name] in tones else "ink"),
        }
        for span in inside
    ]
    edge = {"cornerRadius": CORNER, "stroke": colour("card"), "strokeWidth": 1.5}
    return [_rects(bands, edge), _texts(names, "center", None)]


def _flags(labels: Sequence[Label], top: float, scale: float) -> list[Spec]:
    """The names that have no room within their bands, above them on poles."""
    poles = [
        {
            "x": label.span.ended if label.flush else label.span.began,
            "top": top - (label.lane + 1) * LANE + 4,
            "bottom": top,
        }
        for label in labels
    ]
    names = [
        {
            "text": label.text,
            "x": pole["x"] + (-5 if label.flush else 5) * scale,
            "y": top - (label.lane + 0.5) * LANE,
            "flush": label.flush,
        }
        for label, pole in zip(labels, poles, strict=True)
    ]
    rule = {
        "data": {"values": poles},
        "mark": {"type": "rule", "stroke": colour("muted"), "strokeWidth": 1},
        "encoding": {"x": {"field": "x"}, "y": {"field": "top"}, "y2": {"field": "bottom"}},
    }
    return [rule, *_align(names, colour("ink"))]


def _bars(labels: Sequence[Label], first: float, scale: float) -> list[Spec]:
    """The transitions, each a bar as long as it took, below its name."""
    bars = [
        {
            "began": label.span.began,
            "ended": max(label.span.ended, label.span.began + 2 * scale),
            "top": first + label.lane * LANE + 14,
            "bottom": first + label.lane * LANE + 16.5,
        }
        for label in labels
    ]
    names = [
        {
            "text": label.text,
            "x": label.span.ended if label.flush else label.span.began,
            "y": first + label.lane * LANE + 7,
            "flush": label.flush,
        }
        for label in labels
    ]
    return [
        _rects(bars, {"fill": colour("muted"), "cornerRadius": 1}),
        *_align(names, colour("muted")),
    ]


def _align(names: Rows, fill: str) -> list[Spec]:
    sides = (("left", False), ("right", True))
    return [
        _texts([name for name in names if name["flush"] == flush], side, fill)
        for side, flush in sides
    ]


def _rects(values: Rows, mark: Spec) -> Spec:
    encoding: Spec = {
        "x": {"field": "began"},
        "x2": {"field": "ended"},
        "y": {"field": "top"},
        "y2": {"field": "bottom"},
    }
    if "fill" not in mark:
        encoding["fill"] = {"field": "fill", "type": "nominal", "scale": None}
    return {"data": {"values": values}, "mark": {"type": "rect", **mark}, "encoding": encoding}


def _texts(values: Rows, align: str, fill: str | None) -> Spec:
    encoding: Spec = {
        "x": {"field": "x"},
        "y": {"field": "y"},
        "text": {"field": "text", "type": "nominal"},
    }
    if fill is None:
        encoding["fill"] = {"field": "fill", "type": "nominal", "scale": None}
    mark = {"type": "text", "align": align, "baseline": "middle"}
    if fill is not None:
        mark["fill"] = fill
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}
