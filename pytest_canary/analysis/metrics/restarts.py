"""How often containers restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis.comparison import (
    Answer,
    Comparison,
    Observed,
    Rule,
    compare_counts,
    missing_comparison,
)
from pytest_canary.analysis.metrics.metric import SEE_LOG, Metric
from pytest_canary.core.wording import times

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits


def compare(
    baseline: Observed, canary: Observed, _limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """One restart is too many, unless the baseline restarts too: then it may be the cluster's."""
    if baseline.restarts is None or canary.restarts is None:
        return (missing_comparison("restarts", "times", "nobody counted the containers' restarts"),)
    answer: Answer = "go"
    if canary.restarts:
        answer = "inconclusive" if baseline.restarts else "no-go"
    sentence = (
        f"{rule.called}'s containers restarted {times(canary.restarts)} in the window, "
        f"the baseline's {times(baseline.restarts)}"
    )
    if canary.restarts and canary.ended:
        sentence += f"; one of {rule.called}'s {canary.ended}"
    counts = baseline.restarts, canary.restarts
    return (compare_counts("restarts", "times", counts, 1.0, answer, sentence),)


RESTARTS = Metric("restarts", compare, statistic=False, advice=SEE_LOG, event=True)
