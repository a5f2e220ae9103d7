"""Verdicts on two versions, of which one is fine."""

from typing import Any

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.verdict import Judge, Verdict
from pytest_canary.config.settings import VerdictSettings as Limits

LIMITS = Limits(seconds=30)
FLAT = [(float(at), 60e6) for at in range(0, 31, 3)]
COUNTER = 'http_requests_total{status=~"5.."}'


def observed(requests: int, errors: int = 0, **others: Any) -> Observed:
    """One that is fine, of so many requests, but for what is given."""
    values: dict[str, Any] = {
        "latencies": [0.010 + 0.004 * (each % 7) / 7 for each in range(requests - errors)],
        "restarts": 0,
        "memory": FLAT,
        "counters": {COUNTER: float(errors)},
    }
    return Observed(requests, errors, **(values | others))


def final(baseline: Observed, canary: Observed, limits: Limits = LIMITS) -> Verdict:
    """What the judge says who may look no more."""
    return Judge(limits).look(baseline, canary, final=True)
