"""What a metric of the verdict is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pytest_canary.analysis.comparison import Comparison, Observed, Rule
    from pytest_canary.config.settings import VerdictSettings as Limits


class Compare(Protocol):
    """Compares one metric of the two versions, in the same window."""

    def __call__(
        self, baseline: Observed, canary: Observed, limits: Limits, rule: Rule, /
    ) -> tuple[Comparison, ...]:
        """The comparisons, the one to tell first at the head.

        Args:
            baseline: the version that is live.
            canary: the candidate.
            limits: the differences that nobody would mind.
            rule: how sure a statistic must be; all of the metric's statistics together, so that
                a metric that makes several parts `rule.level` among them.

        Returns:
            Empty where neither version has what would be compared.
        """


def _omits_nothing(_baseline: Observed, _canary: Observed) -> str:
    return ""


@dataclass(frozen=True)
class Metric:
    """One metric of the verdict; `judge.METRICS` lists them all.

    Attributes:
        name: of the metric; its comparisons have names of their own where there are several.
        compare: compares the two versions.
        statistic: whether its comparisons have a p, and so take a part of the risk to be wrong.
        advice: what to do next where the canary is worse.
        event: whether it is what happens to pods, which may be why requests are few.
        omitted: what was not compared, and why, in words; empty where all was.
    """

    name: str
    compare: Compare
    statistic: bool
    advice: str
    event: bool = False
    omitted: Callable[[Observed, Observed], str] = _omits_nothing


SEE_LOG = "look at the canary's log, and at its previous one where it restarted"
"""The advice of what shows in a log."""
