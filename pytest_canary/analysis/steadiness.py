"""Whether the baseline was the same all along while it was asked alone; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis.blocks import difference_since
from pytest_canary.analysis.comparison import format_value
from pytest_canary.analysis.kinds import ALL, parts_of
from pytest_canary.analysis.metrics.latency import LATENCIES, LATENCY_FLOOR
from pytest_canary.analysis.ratios import ratio_of
from pytest_canary.analysis.statistics import quantile

if TYPE_CHECKING:
    from pytest_canary.analysis.kinds import Kind
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

# The part of what matters that two periods of the baseline may differ by, and how sure it must be
# that they do.
PART = 0.5
CONFIDENCE = 0.95


def unsteadiness(first: Requests, second: Requests, limits: Limits) -> str:
    """What has changed from one period of the baseline's to the next, with nothing released.

    Args:
        first: what was asked in the one.
        second: what was asked in the next.
        limits: what matters in a verdict.

    Returns:
        A clause: "it takes 30 ms, and took 12 ms 6 s before"; empty where nothing has.
    """
    if not (len(first) and len(second)):
        return "it was asked nothing"
    told = [_slower(kind, first, second, limits.latency) for kind in parts_of(first, second)]
    return next(filter(None, [_errors(first, second, limits.errors), *told]), "")


def _errors(first: Requests, second: Requests, errors: float) -> str:
    for before, now in ((first, second), (second, first)):
        found = difference_since(before, now, (before.failed, now.failed), CONFIDENCE)
        if found.p < 1 - CONFIDENCE and found.value >= PART * errors:
            rates = [format_value(each.errors / len(each), "share") for each in (first, second)]
            return f"{rates[1]} of its {ALL.plural} failed, and {rates[0]} just before"
    return ""


def _slower(kind: Kind, first: Requests, second: Requests, part: float) -> str:
    answered = [each.where(each.answered) for each in map(kind.of, (first, second))]
    if any(len(each) < LATENCIES for each in answered):
        return ""
    found = ratio_of(answered[0], answered[1], CONFIDENCE, in_turn=True)
    took, takes = (quantile(each.seconds.tolist(), 0.5) for each in answered)
    if found.low <= 1 <= found.high or abs(takes - took) < PART * max(part * took, LATENCY_FLOOR):
        return ""
    what = f" for {kind.plural}" if kind.suffix else ""
    return (
        f"it took {format_value(takes, 'seconds')}{what} in the median, and "
        f"{format_value(took, 'seconds')} just before"
    )
