"""What was observed of a version, and how sure a metric must be of it."""

import random
from typing import Any

from pytest_canary.analysis.comparison import Comparison, Observed, Rule
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.config.settings import VerdictSettings as Limits

RULE = Rule(confidence=0.95, level=0.00125)
LIMITS = Limits(errors=0.015, latency=0.15, memory=0.5, seconds=30)


def observed(requests: int = 300, errors: int = 0, **others: Any) -> Observed:
    values: dict[str, Any] = {"latencies": [], "restarts": 0} | others
    return Observed(requests, errors, **values)


def timed(latencies: list[float]) -> Observed:
    return observed(len(latencies), latencies=latencies)


def around(seconds: float, count: int, seed: int, spread: float = 0.3) -> list[float]:
    chance = random.Random(seed)
    return [seconds * chance.lognormvariate(0, spread) for _ in range(count)]


def compared(
    metric: Metric, baseline: Observed, canary: Observed, rule: Rule = RULE, **limits: float
) -> Comparison:
    """A metric's only comparison, by these limits."""
    (found,) = metric.compare(baseline, canary, LIMITS.model_copy(update=limits), rule)
    return found
