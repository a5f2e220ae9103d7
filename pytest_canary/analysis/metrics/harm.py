"""What the release does to the version that is live: its answers now, and before the canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis import statistics
from pytest_canary.analysis.blocks import difference_of_strangers
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decided,
    format_value,
)
from pytest_canary.analysis.kinds import Kind, parts_of
from pytest_canary.analysis.metrics.latency import LATENCIES, LATENCY_FLOOR
from pytest_canary.analysis.metrics.metric import Metric

if TYPE_CHECKING:
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

# The machine is busier than it was: there is one pod more, and the verdict's own load. So only what
# that can't be is told: an answer is slow where it takes more than twice the 95th percentile of
# before, and so large a share of them matters.
QUANTILE, FACTOR, MATTERS = 0.95, 2.0, 0.2

ADVICE = (
    "look at what the migration or the canary does to what both share: an index, a lock, "
    "the database's connections, the node"
)


def compare(
    baseline: Observed, _canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """The baseline's errors and slow answers, now and before.

    Canary and baseline may be alike and both be worse, as the candidate's migration is everybody's.
    """
    before, now = baseline.before, baseline.requests
    if before is None or not len(now):
        return ()
    kinds = [
        kind
        for kind in parts_of(before, now)
        if len(kind.of(before).latencies) >= LATENCIES and len(kind.of(now))
    ]
    rule = Rule(rule.confidence, rule.level / (1 + len(kinds)))
    return (
        _errors(before, now, limits.errors, rule),
        *(_slow(kind, kind.of(before), kind.of(now), rule) for kind in kinds),
    )


def _errors(before: Requests, now: Requests, least: float, rule: Rule) -> Comparison:
    found = difference_of_strangers((before, before.failed), (now, now.failed), rule.confidence)
    rates = before.errors / max(len(before), 1), now.errors / len(now)
    fact = (
        f"{now.errors:,} of {len(now):,} requests to the baseline failed "
        f"({format_value(rates[1], 'share')}), and {before.errors:,} of {len(before):,} before the "
        f"canary came ({format_value(rates[0], 'share')})"
    )
    return decided("baseline's errors", "share", rates, found, rule, least, fact)


def _slow(kind: Kind, before: Requests, now: Requests, rule: Rule) -> Comparison:
    usual = statistics.quantile(before.latencies.tolist(), QUANTILE)
    limit = FACTOR * usual + LATENCY_FLOOR
    slow = [(each.seconds > limit) & ~each.failed for each in (before, now)]
    found = difference_of_strangers((before, slow[0]), (now, slow[1]), rule.confidence)
    rates = float(slow[0].mean()), float(slow[1].mean())
    what = kind.plural if kind.suffix else "answers"
    fact = (
        f"{format_value(rates[1], 'share')} of the baseline's {what} take more than "
        f"{format_value(limit, 'seconds')}, {format_value(rates[0], 'share')} of those before the "
        "canary came"
    )
    name = f"baseline's slow answers{kind.suffix}"
    return decided(name, "share", rates, found, rule, MATTERS, fact)


HARM = Metric("harm", compare, statistic=True, advice=ADVICE)
