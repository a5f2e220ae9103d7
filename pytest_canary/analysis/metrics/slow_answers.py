"""The share of answers that are far slower than the baseline's are, at several levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_canary.analysis import statistics
from pytest_canary.analysis.blocks import (
    LENGTH,
    bad_shares,
    difference_since,
    longest_run,
    shares_alone,
)
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decide,
    format_value,
    missing_comparison,
)
from pytest_canary.analysis.drift import DRIFTS, drifts
from pytest_canary.analysis.kinds import Kind, parts_of
from pytest_canary.analysis.metrics.latency import (
    ADVICE,
    LATENCY_FLOOR,
    reason_in_rows,
    rows_since,
    too_few,
)
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.warm_up import WARMS_UP, level_at, warms_up

if TYPE_CHECKING:
    from numpy import ndarray

    from pytest_canary.analysis.requests import Requests
    from pytest_canary.analysis.statistics import Difference
    from pytest_canary.config.settings import VerdictSettings as Limits

    Column = ndarray[Any, Any]

# An answer is slow where it takes more than twice one of the baseline's percentiles, and some.
# At each, so large a share more matters at least: of the answers above twice the median the
# baseline may have many of its own, so that fewer points could not be told in a few seconds.
LEVELS = ((0.5, 0.2), (0.75, 0.1), (0.95, 0.0), (0.99, 0.0))
FACTOR = 2.0

# A slow answer is half as bad as an error: twice as many matter.
WEIGHT = 2.0

# Seconds of a pause that one canary may make in a window, and how many times longer a window is
# then, at least. A pod that stands still for a second works off in another what came meanwhile.
PAUSE = 2.0
WINDOWS = 15

# Whether an answer is slow says so little of a pace that its growth has to be beyond doubt.
SURE = 2.0

# The part of a window's slow answers that makes a pause of those that come together; and at which
# of the levels they are slow.
MOST_OF = 0.5
PAUSED = 2

# The part of those in a pause that may wait for longer than it lasts, as some answers hang anyway.
FEW = 0.05

_ORDER = {"no-go": 0, "inconclusive": 1, "go": 2}


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """For each kind of request, the level that speaks most against the canary.

    A shift of the whole says nothing where one request in ten hangs, and a percentile of a few
    hundred is too uncertain to prove anything by. A share can be told with its uncertainty; and
    at one level alone, what lies just below it would not be seen.
    """
    kinds = parts_of(baseline.requests, canary.requests)
    level = level_at(canary.age, rule.level / len(kinds) / len(LEVELS))
    rule = replace(rule, level=level)
    matters = min(WEIGHT * limits.errors, 1.0)
    return tuple(
        _slow(
            kind,
            kind.of(baseline.requests),
            kind.of(canary.requests),
            matters,
            rule,
            rows_since(kind, baseline, canary) if rule.in_turn else 1.0,
        )
        for kind in kinds
    )


def _slow(
    kind: Kind,
    baseline: Requests,
    canary: Requests,
    matters: float,
    rule: Rule,
    more_rows: float,
) -> Comparison:
    # What the canary does not answer at all may be slow already.
    scarce = too_few(kind, len(baseline.latencies), len(canary) - canary.errors, rule.called)
    if scarce:
        return missing_comparison(f"slow answers{kind.suffix}", "share", scarce)
    latencies = baseline.latencies.tolist()
    limits = [
        FACTOR * statistics.quantile(latencies, quantile) + LATENCY_FLOOR for quantile, _ in LEVELS
    ]

    def worst(baseline: Requests, canary: Requests) -> Comparison:
        return most_against(
            [
                _above(
                    kind, limit, baseline, canary, kind.least(max(least, matters)), rule, more_rows
                )
                for limit, (_, least) in zip(limits, LEVELS, strict=True)
            ]
        )

    baseline, canary = baseline.where(~baseline.failed), canary.where(~canary.failed)
    found = worst(baseline, canary)
    begin = pause_of(canary, limits[PAUSED]) if rule.last else None
    if begin is None or found.answer != "inconclusive":
        return found

    def beside(requests: Requests) -> Requests:
        return requests.where((requests.due < begin) | (requests.due > begin + PAUSE))

    # What was asked at another time had no part in it.
    rest = worst(baseline if rule.in_turn else beside(baseline), beside(canary))
    if rest.answer != "go":
        return found
    at = begin - float(canary.due[0])
    told = f"; one pause is left out, {PAUSE:.0f} s from {at:.0f} s into the window on"
    return replace(rest, sentence=rest.sentence + told)


def pause_of(requests: Requests, limit: float) -> float | None:
    """When one pause began that has most of what is slow; None where there is none such.

    One that goes on is none, as nobody knows that it ends; none is one in which more than a few
    waited for longer than it may last; and none is one of several. Another may be seen by a few
    requests alone, as the rate rises when a window begins: it counts by its time.

    Of one pause nobody can prove that there are not more; but it is what a collector of garbage or
    a busy machine makes. Where they come five times a window on average, at most one is seen in 4
    of 100 windows (Poisson).

    Args:
        requests: of a window.
        limit: seconds above which one is slow.
    """
    import numpy

    slow = requests.seconds > limit
    hits = requests.due[slow]
    if not len(hits) or requests.due[-1] - requests.due[0] < WINDOWS * PAUSE:
        return None
    together = numpy.searchsorted(hits, hits + PAUSE, side="right") - numpy.arange(len(hits))
    first = int(together.argmax())
    begin = float(hits[first])
    # Those that came before it and waited into it are of it too: as the rate rises, most of a long
    # one's come towards its end.
    inside = (requests.due + requests.seconds >= begin) & (requests.due <= begin + PAUSE)
    longer = requests.seconds[inside] > PAUSE + limit
    lasts = requests.waiting[inside].any() or longer.mean() > FEW
    others = slow & ~inside
    # One by itself is no pause, though the next request may have come much later; and what had
    # begun before the window, or ends after it, may be one.
    others &= numpy.roll(others, 1) | numpy.roll(others, -1)
    others[[0, -1]] = False
    other = longest_run(requests, others) > LENGTH
    return None if lasts or other or together[first] < MOST_OF * len(hits) else begin


def most_against(found: Sequence[Comparison]) -> Comparison:
    """The one of several comparisons that speaks most against the canary."""
    return min(found, key=lambda each: (_ORDER[each.answer], -_use(each)))


def _use(comparison: Comparison) -> float:
    """The part of what matters that the canary may have used up."""
    high = comparison.interval[1] if comparison.interval else 0.0
    return high / (comparison.least or 1.0)


def _above(
    kind: Kind,
    limit: float,
    baseline: Requests,
    canary: Requests,
    least: float,
    rule: Rule,
    more_rows: float,
) -> Comparison:
    """What waits longer than the limit already is slow, whatever comes of it."""
    slow = baseline.seconds > limit, canary.seconds > limit
    found, feared = (
        _since(baseline, canary, slow, rule)
        if rule.in_turn
        else _beside(baseline, canary, slow, rule)
    )
    rates = float(slow[0].mean()), float(slow[1].mean())
    what = kind.plural if kind.suffix else "answers"
    fact = (
        f"{format_value(rates[1], 'share')} of {rule.called}'s {what} take more than "
        f"{format_value(limit, 'seconds')}, {format_value(rates[0], 'share')} of the baseline's"
    )
    # What was sent last may be slow yet, so it is not what gets better.
    wrong = found.p < rule.level and found.value >= least
    doubt = WARMS_UP if wrong and warms_up(feared, least) else ""
    if wrong and not doubt and rule.in_turn:
        doubt = _doubt_in_turn(baseline, canary, limit, found.value, least, more_rows)
    if doubt:
        fact, rule = f"{fact}; {doubt}", replace(rule, level=0.0)
    return decide(f"slow answers{kind.suffix}", "share", rates, found, rule, least, fact)


def _beside(
    baseline: Requests, canary: Requests, slow: tuple[Column, Column], rule: Rule
) -> tuple[Difference, list[float]]:
    """By how much more are slow, and by how much more of each block may be."""
    shares = bad_shares(baseline, canary, slow)
    return shares.difference(rule.confidence), shares.feared


def _since(
    baseline: Requests, canary: Requests, slow: tuple[Column, Column], rule: Rule
) -> tuple[Difference, list[float]]:
    """The same, of what was asked in turn: each block beside all of the baseline's."""
    hits, trials = shares_alone(canary, slow[1] | canary.waiting)
    feared = hits / trials - float(slow[0].mean())
    return difference_since(baseline, canary, slow, rule.confidence), feared.tolist()


def _doubt_in_turn(
    baseline: Requests,
    canary: Requests,
    limit: float,
    effect: float,
    least: float,
    more_rows: float,
) -> str:
    """Why what is slower than before may be so for another reason, in words; empty without any."""
    slow = canary.seconds > limit
    since = float(canary.due.mean() - baseline.due.mean())
    if drifts(canary.due, slow.astype(float), effect, since, sure=SURE):
        return DRIFTS
    usual = float((baseline.seconds > limit).mean())
    later = float((canary.seconds > more_rows * limit).mean()) - usual
    return reason_in_rows(more_rows) if more_rows > 1 and later < least else ""


SLOW_ANSWERS = Metric("slow answers", compare, statistic=True, advice=ADVICE)
