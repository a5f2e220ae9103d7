"""How often pods lose readiness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis.comparison import Answer, Comparison, Observed, Rule, compare_counts
from pytest_canary.analysis.metrics.metric import SEE_LOG, Metric
from pytest_canary.core.wording import plural, times

if TYPE_CHECKING:
    from pytest_canary.config.settings import VerdictSettings as Limits

# A probe may once come too late on a busy machine.
LEAST = 2


def compare(
    baseline: Observed, canary: Observed, _limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """A pod that comes and goes gets no requests meanwhile, so that its answers don't tell it."""
    more = canary.unready - baseline.unready
    # Where as many of the baseline's are, it is the machine.
    stays_away = canary.away / canary.pods > baseline.away / baseline.pods
    answer: Answer = "inconclusive" if more >= LEAST or stays_away else "go"
    sentence = (
        f"{rule.called}'s pods lost readiness {times(canary.unready)} in the window, the "
        f"baseline's {times(baseline.unready)}"
    )
    if stays_away:
        sentence += f"; {plural(canary.away, 'pod')} of {rule.called} did not get it back"
    counts = float(baseline.unready), float(canary.unready)
    return (compare_counts("readiness", "times", counts, float(LEAST), answer, sentence),)


READINESS = Metric("readiness", compare, statistic=False, advice=SEE_LOG, event=True)
