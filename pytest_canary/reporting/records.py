"""From what judged and counted to the document's parts: the traffic's and the verdict's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_canary.analysis import comparison
from pytest_canary.reporting import document, figures
from pytest_canary.reporting.bounds import BINS

if TYPE_CHECKING:
    from pytest_canary.analysis.comparison import Comparison, Unit
    from pytest_canary.analysis.statistics import Share
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.traffic import ReadBack, Traffic
    from pytest_canary.traffic.exchange import Exchange


def verdict_of(verdict: Verdict, confidence: float | None = None) -> document.Verdict:
    """A verdict as the report has it; the confidence is the settings'."""
    baseline, canary = verdict.requests
    return document.Verdict(
        answer=verdict.answer,
        sentence=verdict.sentence,
        comparisons=tuple(_comparison(each) for each in verdict.comparisons),
        omitted=verdict.omitted,
        looks=verdict.looks,
        samples={"baseline": baseline, "canary": canary},
        percentiles={
            name: document.Percentiles(baseline=values[0], canary=values[1])
            for name, values in verdict.percentiles.items()
        },
        confidence=confidence,
    )


def _comparison(found: Comparison) -> document.Comparison:
    def show(value: float | None) -> str:
        return "" if value is None else comparison.format_value(value, found.unit)

    return document.Comparison(
        metric=found.metric,
        baseline=show(found.baseline),
        canary=show(found.canary),
        effect=found.effect,
        interval=_interval(found),
        least=found.least or None,
        effect_text=_effect(found),
        confidence=found.confidence,
        p=found.p,
        level=found.level,
        answer=found.answer,
        sentence=found.sentence,
    )


def _interval(found: Comparison) -> tuple[float, float] | None:
    """An effect's interval; None where data is too scarce for one of its ends, as in no JSON."""
    known = found.interval and all(math.isfinite(end) for end in found.interval)
    return found.interval if known else None


def _effect(found: Comparison) -> str:
    """The effect with its interval, where that is known: +3.1 (-0.4 to +6.6) ms."""
    if found.effect is None:
        return ""
    told = [
        _format_signed(value, found.unit) for value in (found.effect, *(_interval(found) or ()))
    ]
    if len(told) < 3:
        return told[0]
    parts = [text.partition(" ") for text in told]
    effect, low, high = (number for number, _, _ in parts)
    if len({unit for _, _, unit in parts}) == 1:
        return f"{effect} ({low} to {high}) {parts[0][2]}".rstrip()
    return f"{told[0]} ({told[1]} to {told[2]})"


def _format_signed(value: float, unit: Unit) -> str:
    text = comparison.format_difference(value, unit)
    return text if text.startswith("-") else f"+{text}"


def share_of(share: Share, expected: float, connections: int) -> figures.Share:
    """The canary's share as the report has it."""
    return figures.Share(
        value=share.value,
        low=max(share.low, 0),
        high=min(share.high, 1),
        expected=expected,
        connections=connections,
    )


def traffic_of(
    traffic: Traffic, began: float, ended: float, read_back: ReadBack | None = None
) -> figures.Traffic:
    """The traffic as the report has it.

    Args:
        traffic: what was sent.
        began: when it started, in seconds since the run's start.
        ended: when it ended.
        read_back: what became of the writes; None where nobody looked.

    Raises:
        TrafficError: its generator did not run, so nothing is known.
    """
    # As wide as the picture will have them: so the percentiles are those of all their requests.
    width = float(max(1, math.ceil((ended - began) / BINS)))
    losses, cost = traffic.losses(), traffic.cost
    return figures.Traffic(
        rate=traffic.settings.rate,
        sent=traffic.sent,
        lost=traffic.lost,
        slow=traffic.slow,
        unsent=cost.unsent,
        writes=len(traffic.writes.acknowledged),
        unacknowledged=len(traffic.writes.unacknowledged),
        read_back=read_back is not None,
        lost_writes=read_back.lost if read_back else (),
        doubled_writes=read_back.doubled + read_back.repeated if read_back else (),
        lag=figures.Lag(p50=cost.lag_p50, p99=cost.lag_p99, max=cost.lag_max),
        cost=cost.cpu,
        by_transition=tuple(
            figures.Exchanges(
                name=transition,
                stage=stage,
                sent=found.sent,
                lost=found.lost,
                retryable=found.retryable,
                slow=found.slow,
                unsent=found.unsent,
                p50=found.p50,
                p95=found.p95,
                p99=found.p99,
            )
            for (stage, transition), found in traffic.transitions().items()
        ),
        bin=width,
        series=tuple(
            figures.Point(version=version, **(each._asdict() | {"at": began + each.at}))
            for version, bins in traffic.series(width).items()
            for each in bins
        ),
        losses=tuple(_loss(each, began) for each in losses),
    )


def _loss(each: Exchange, began: float) -> figures.Loss:
    return figures.Loss(
        at=began + each.due,
        stage=each.stage,
        transition=each.transition,
        request=f"{each.method} {each.path}",
        kind=each.fault,
        retryable=each.retryable,
        pod=each.pod,
        version=each.version,
        detail=each.text,
    )
