"""What is not compared where the candidate is asked after the baseline, and not beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis.comparison import Comparison, Observed, Rule
from pytest_canary.analysis.metrics.metric import Metric

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits


def compare(
    _baseline: Observed, _canary: Observed, _limits: Limits, _rule: Rule
) -> tuple[Comparison, ...]:
    """Nothing."""
    return ()


def _omission(_baseline: Observed, _canary: Observed) -> str:
    return (
        "memory and the counters of /metrics: they are compared at the same moments alone, and "
        "without a canary there are none"
    )


ALONE = Metric("memory", compare, statistic=False, advice="", omitted=_omission)
