"""What figures over time are drawn with, in Vega-Lite: axes, areas, lines, bands, bars, crosses.

Rows have their moment in `x` and their height in `y`; whose they are is their `role`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pytest_canary.reporting.pictures.frame import Rows, Spec, colour
from pytest_canary.reporting.pictures.levels import ROLES

# Beside the colours, for who can't tell them apart.
DASHES = {"baseline": [5, 3], "canary": [1, 0], "other": [2, 2]}
SHAPES = {"baseline": "square", "canary": "circle", "other": "diamond"}
# Latencies this far apart are shown on a logarithmic axis.
SPREAD = 30


def y_axis(top: float, *, integer: bool = False) -> Spec:
    """The y axis from 0 to a little above the highest row."""
    top = top or 1
    axis: dict[str, Any] = {"tickCount": min(4, math.ceil(top)) if integer else 3}
    return {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [0, top * 1.08], "nice": False},
        "axis": {**axis, "format": "d"} if integer else axis,
        "title": None,
    }


def areas(values: Rows, y: Spec) -> Sequence[Spec]:
    """Stacked areas in steps, by role, each with a line on top."""
    detail = {"field": "part", "type": "nominal"}
    data = {"data": {"values": values}}
    step = {"interpolate": "step-after"}
    return [
        {
            **data,
            "mark": {"type": "area", **step, "fillOpacity": 0.3},
            "encoding": {
                "x": _x(),
                "y": y,
                "y2": {"field": "y0"},
                "detail": detail,
                **_by_role("fill"),
            },
        },
        {
            **data,
            "mark": {"type": "line", **step, "strokeWidth": 1.75},
            "encoding": {"x": _x(), "y": y, "detail": detail, **_dash(), **_by_role("stroke")},
        },
    ]


def dotted_line(rows: Rows, y: Spec) -> Spec:
    """A thin line in steps, of nobody's colour."""
    return {
        "data": {"values": rows},
        "mark": {
            "type": "line",
            "interpolate": "step-after",
            "stroke": colour("ink"),
            "strokeWidth": 1,
            "strokeDash": [2, 2],
        },
        "encoding": {"x": _x(), "y": y},
    }


def bars(rows: Rows, y: Spec) -> Spec:
    """Bars from `x` to `x2` and from `y0` to `y`, by role."""
    return {
        "data": {"values": rows},
        "mark": {"type": "rect", "fillOpacity": 0.55, "strokeWidth": 1},
        "encoding": {
            "x": _x(),
            "x2": {"field": "x2"},
            "y": y,
            "y2": {"field": "y0"},
            **_by_role("fill"),
        },
    }


def crosses(rows: Rows, y: Spec) -> Spec:
    """Crosses in the colour of what is lost."""
    return {
        "data": {"values": rows},
        "mark": {
            "type": "point",
            "shape": "M-1,-1L1,1M-1,1L1,-1",
            "stroke": colour("lost"),
            "strokeWidth": 2.25,
            "size": 46,
        },
        "encoding": {"x": _x(), "y": y},
    }


def bands(rows: Rows) -> list[Spec]:
    """By role a band from `p50` to `p99`, a line at `y`, and points where a row has `point`."""
    top = max(row["p99"] for row in rows)
    least = min(row["p50"] for row in rows)
    y = y_axis(top)
    if least > 0 and top / least > SPREAD:
        y["scale"] = {"type": "log", "domain": [least / 1.2, top * 1.2], "nice": False}
        y["axis"] = {"values": _powers(least, top), "format": "~g"}
    detail = {"field": "part", "type": "nominal"}
    values = {"data": {"values": rows}}
    return [
        {
            **values,
            "mark": {"type": "area", "fillOpacity": 0.16},
            "encoding": {
                "x": _x(),
                "y": {**y, "field": "p99"},
                "y2": {"field": "p50"},
                "detail": detail,
                **_by_role("fill"),
            },
        },
        {
            **values,
            "mark": {"type": "line", "strokeWidth": 1.75},
            "encoding": {"x": _x(), "y": y, "detail": detail, **_dash(), **_by_role("stroke")},
        },
        {
            "data": {"values": [row for row in rows if row["point"]]},
            "mark": {"type": "point", "size": 22, "opacity": 1, "strokeWidth": 0},
            "encoding": {
                "x": _x(),
                "y": y,
                "shape": {
                    "field": "role",
                    "type": "nominal",
                    "scale": {"domain": list(ROLES), "range": [SHAPES[name] for name in ROLES]},
                    "legend": None,
                },
                **_by_role("fill"),
            },
        },
    ]


def _powers(least: float, top: float) -> list[float]:
    """The powers of ten within, for a logarithmic axis."""
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(top))
    return [10.0**power for power in range(first, last + 1)]


def _x() -> Spec:
    return {"field": "x", "type": "quantitative"}


def _by_role(channel: str) -> Spec:
    """The colour of each row's role."""
    scale = {"domain": list(ROLES), "range": [colour(name) for name in ROLES]}
    return {channel: {"field": "role", "type": "nominal", "scale": scale, "legend": None}}


def _dash() -> Spec:
    scale = {"domain": list(ROLES), "range": [DASHES[name] for name in ROLES]}
    return {"strokeDash": {"field": "role", "type": "nominal", "scale": scale, "legend": None}}
