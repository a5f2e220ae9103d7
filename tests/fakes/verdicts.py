"""Verdicts on two versions, of which one is fine."""

from collections.abc import Sequence
from typing import Any

from fakes.observed import parted, requests

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import Judge
from pytest_canary.analysis.memory import Memory, Reading
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.config.settings import VerdictSettings as Limits

LIMITS = Limits(seconds=30)
COUNTER = 'http_requests_total{status=~"5.."}'


def holding(begin: float = 60e6, each_second: float = 0.0) -> Memory:
    """What a pod holds that gets 30 requests a second, looked at every 3 s; its limit is 192Mi."""
    return Memory(
        [Reading(at, 30.0 * at, begin + each_second * at) for at in range(0, 31, 3)], 192 * 2**20
    )


FLAT = holding()


def tight(count: int, more: float = 0.0) -> list[float]:
    """What so many answers take: around 12 ms, and more."""
    return [more + 0.010 + 0.004 * (each % 7) / 7 for each in range(count)]


def observed(
    count: int, errors: int | Sequence[bool] = 0, seconds: Sequence[float] = (), **others: Any
) -> Observed:
    """One that is fine, of so many requests, but for what is given."""
    columns = {key: others.pop(key) for key in ("waiting", "write", "window") if key in others}
    values: dict[str, Any] = {
        "restarts": 0,
        "memory": FLAT,
        "counters": {COUNTER: parted(sum(errors) if isinstance(errors, Sequence) else errors)},
    }
    asked = requests(count, errors, seconds or tight(count), **columns)
    return Observed(asked, **(values | others))


def final(
    baseline: Observed, canary: Observed, limits: Limits = LIMITS, held_up: str = ""
) -> Verdict:
    """What the judge says who may look no more."""
    return Judge(limits).look(1.0, baseline, canary, held_up=held_up)
