"""What all pictures share: sizes, colours, the time axis, and the stages behind.

Each picture is a Vega-Lite specification that is drawn twice, for a wide screen and for a phone.
Its colours are CSS custom properties, so that one drawing serves dark and light; their fallbacks
are the light ones, for where a server's policy keeps the page's style out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.reporting.document import Report

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

# The style sheet has the same names, with a dark value each.
COLOURS = {
    "card": "#ffffff",
    "ink": "#17202b",
    "on-tone": "#ffffff",
    "muted": "#545f6d",
    "grid": "#e3e7ec",
    "band": "#f1f4f7",
    "chip": "#dde4ec",
    "baseline": "#2f6bc9",
    "canary": "#b86200",
    "other": "#6d7785",
    "lost": "#c21f2c",
    "good": "#12744a",
    "bad": "#b4232b",
    "unsure": "#8a5800",
    "stopped": "#545f6d",
}
FONT = "system-ui, sans-serif"


def colour(name: str) -> str:
    """A colour by its name, as a picture has it."""
    return f"var(--{name}, {COLOURS[name]})"


@dataclass(frozen=True)
class Frame:
    """One of the two sizes in which a picture is drawn, in pixels."""

    name: str
    width: int
    left: int
    right: int
    font: int
    ticks: int

    @property
    def inner(self) -> int:
        """The width between the margins, where time runs."""
        return self.width - self.left - self.right


WIDE = Frame("wide", 984, 46, 14, 12, 10)
NARROW = Frame("narrow", 328, 34, 8, 11, 4)
FRAMES = (WIDE, NARROW)


@dataclass(frozen=True)
class Picture:
    """A picture, and the same for who doesn't see it.

    Attributes:
        key: its name in the page.
        title: what it shows.
        caption: how to read it.
        description: what is to be seen, in a sentence or two.
        specs: its Vega-Lite specification for each frame's name; none where there is nothing to
            be drawn.
        head, rows: its data, as a table.
    """

    key: str
    title: str
    caption: str
    description: str
    specs: dict[str, Spec] = field(default_factory=dict)
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Span:
    """A stretch of the time axis."""

    name: str
    began: float
    ended: float


def entered_stages(report: Report) -> list[Span]:
    """The stages that the walk was in."""
    return [
        Span(stage.name, stage.began, stage.began + stage.seconds)
        for stage in report.stages
        if stage.began is not None
    ]


def length(report: Report) -> float:
    """Seconds that the time axis shows: the run, or more where something is said to be later."""
    ends = [span.ended for span in entered_stages(report)]
    ends += [each.ended for each in report.transitions]
    return max([report.seconds, 1.0, *ends])


STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


def ticks(seconds: float, most: int) -> list[int]:
    """Round moments on the axis, at most so many and the start."""
    step = next((step for step in STEPS if seconds / step <= most), round(seconds / most) or 1)
    return list(range(0, int(seconds) + 1, step))


def moment(seconds: float) -> str:
    """A moment since the start, as the tables have it: "3.1 s"."""
    return f"{seconds:.1f} s"


def time_axis(frame: Frame, seconds: float, *, shown: bool = True) -> Spec:
    """The x axis that all pictures share."""
    minutes = "floor(datum.value / 60) + ':' + format(datum.value % 60, '02')"
    return {
        "scale": {"domain": [0, seconds], "nice": False, "zero": True},
        "type": "quantitative",
        "axis": {
            "values": ticks(seconds, frame.ticks),
            "labelExpr": minutes if seconds > 180 else "datum.value + ' s'",
            "labels": shown,
            "labelFlush": 8,
        },
        "title": None,
    }


def panel(report: Report, frame: Frame, height: int, layers: Sequence[Spec]) -> Spec:
    """A picture on the time axis: the stages as bands behind, the transitions' starts as lines."""
    axis = time_axis(frame, length(report))
    x = {"field": "began", **axis}
    bands = [
        {"began": span.began, "ended": span.ended}
        for number, span in enumerate(entered_stages(report))
        if number % 2 == 0
    ]
    starts = [{"began": each.began} for each in report.transitions]
    behind: list[Spec] = [
        {
            "data": {"values": bands},
            "mark": {"type": "rect", "fill": colour("band")},
            "encoding": {"x": x, "x2": {"field": "ended"}},
        },
        {
            "data": {"values": starts},
            "mark": {"type": "rule", "stroke": colour("muted"), "strokeDash": [1, 3]},
            "encoding": {"x": x},
        },
    ]
    return whole(frame, height, [*behind, *layers], bottom=22)


def whole(frame: Frame, height: int, layers: Sequence[Spec], *, bottom: int) -> Spec:
    """A specification with the margins, type and lines of all of them."""
    text = {"labelColor": colour("muted"), "labelFontSize": frame.font, "labelFont": FONT}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": frame.inner,
        "height": height,
        # Fixed margins, or the time axes of two pictures would not lie one below the other.
        "autosize": {"type": "none"},
        "padding": {"left": frame.left, "right": frame.right, "top": 10, "bottom": bottom},
        "layer": list(layers),
        "config": {
            "aria": False,
            "background": None,
            "font": FONT,
            "view": {"stroke": None},
            "axis": {**text, "domain": False, "ticks": False, "labelPadding": 6},
            "axisX": {"grid": False},
            "axisY": {"gridColor": colour("grid")},
            "text": {"font": FONT, "fontSize": frame.font, "fill": colour("ink")},
        },
    }
