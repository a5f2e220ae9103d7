"""Small pictures for a table's cell: one difference against what matters, one share."""

from __future__ import annotations

from pytest_canary.reporting import words
from pytest_canary.reporting.document import Comparison
from pytest_canary.reporting.figures import Share
from pytest_canary.reporting.pictures.frame import Frame, Picture, Spec, colour, whole

CELL = Frame("cell", 176, 7, 7, 11, 3)
BAR = Frame("cell", 346, 7, 7, 11, 5)
HEIGHT = 22
# In multiples of the least difference that matters; what lies beyond is at the edge.
EDGE = 2


def difference(comparison: Comparison, number: int) -> Picture | None:
    """A difference and its interval over the differences that nobody would mind.

    None where it has no effect, or nothing says which differences matter.
    """
    effect, least = comparison.effect, comparison.least
    if effect is None or least is None:
        return None
    low, high = comparison.interval or (effect, effect)

    def at(value: float) -> float:
        return max(-EDGE, min(EDGE, value / least))

    # What is far out has the shape of an arrow's head, pointing there.
    far = abs(effect / least) > EDGE
    shape = "circle" if not far else "triangle-right" if effect > 0 else "triangle-left"
    tone = words.TONES[comparison.answer] if comparison.answer else "stopped"
    middle = HEIGHT / 2
    layers: list[Spec] = [
        _rect(-1, 1, 0, HEIGHT, colour("chip")),
        _rule(0, 0, HEIGHT),
        _rect(at(low), at(high), middle - 1.5, middle + 1.5, colour(tone)),
        {
            "data": {"values": [{"x": at(effect), "y": middle}]},
            "mark": {
                "type": "point",
                "shape": shape,
                "size": 70,
                "opacity": 1,
                "strokeWidth": 0,
                "fill": colour(tone),
            },
            "encoding": {"x": _x(), "y": _y()},
        },
    ]
    return Picture(
        key=f"difference-{number}",
        title=f"{comparison.metric}: the difference, and what nobody would mind",
        caption="",
        description=f"{difference_text(comparison)}; {comparison.answer or 'not judged'}.",
        specs={CELL.name: _cell(CELL, layers, (-EDGE, EDGE))},
    )


def difference_text(comparison: Comparison) -> str:
    """A difference in words, as the caller has it, or by its number."""
    if comparison.effect_text or comparison.effect is None:
        return comparison.effect_text
    text = f"{comparison.effect:+.3g}"
    if comparison.interval:
        low, high = comparison.interval
        text += f" ({low:+.3g} to {high:+.3g})"
    return text


def share(share: Share) -> Picture:
    """The canary's share with its interval, between nothing and everything."""
    middle = HEIGHT / 2
    layers: list[Spec] = [
        _rect(0, 1, middle - 4, middle + 4, colour("chip")),
        _rect(share.low, share.high, middle - 4, middle + 4, colour("canary"), 0.45),
        _rule(share.expected, 1, HEIGHT - 1),
        {
            "data": {"values": [{"x": share.value, "y": middle}]},
            "mark": {
                "type": "point",
                "size": 80,
                "opacity": 1,
                "strokeWidth": 0,
                "fill": colour("canary"),
            },
            "encoding": {"x": _x(), "y": _y()},
        },
    ]
    return Picture(
        key="share",
        title="The canary's share of connections",
        caption="",
        description=f"{words.percent(share.value)} ({words.interval(share)}), where its replicas "
        f"make {words.percent(share.expected)}.",
        specs={BAR.name: _cell(BAR, layers, (0, 1))},
    )


def _cell(frame: Frame, layers: list[Spec], domain: tuple[float, float]) -> Spec:
    for layer in layers:
        layer["encoding"]["x"] |= {
            "scale": {"domain": list(domain), "nice": False, "zero": False},
            "axis": None,
        }
    spec = whole(frame, HEIGHT, layers, bottom=4)
    spec["padding"] |= {"top": 4}
    return spec


def _x() -> Spec:
    return {"field": "x", "type": "quantitative"}


def _y() -> Spec:
    scale = {"domain": [0, HEIGHT], "range": [0, HEIGHT]}
    return {"field": "y", "type": "quantitative", "scale": scale, "axis": None}


def _rect(
    left: float, right: float, top: float, bottom: float, fill: str, opacity: float = 1
) -> Spec:
    return {
        "data": {"values": [{"x": left, "x2": right, "y": top, "y2": bottom}]},
        "mark": {"type": "rect", "fill": fill, "fillOpacity": opacity, "cornerRadius": 2},
        "encoding": {"x": _x(), "x2": {"field": "x2"}, "y": _y(), "y2": {"field": "y2"}},
    }


def _rule(x: float, top: float, bottom: float) -> Spec:
    return {
        "data": {"values": [{"x": x, "y": top, "y2": bottom}]},
        "mark": {"type": "rule", "stroke": colour("ink"), "strokeWidth": 1.25},
        "encoding": {"x": _x(), "y": _y(), "y2": {"field": "y2"}},
    }
