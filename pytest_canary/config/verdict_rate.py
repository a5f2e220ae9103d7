"""The requests a second that a verdict sends to each side: how they begin, and how they rise."""

from __future__ import annotations

from pytest_canary.config.settings import TrafficSettings, VerdictSettings

# A step up, in parts of the rate, and the seconds between two. From 10 a second it is at 100 after
# six of them.
FACTOR, SECONDS = 1.5, 0.5


def first_rate(traffic: TrafficSettings, verdict: VerdictSettings) -> float:
    """What a verdict begins with: both sides together have the traffic's own rate."""
    return min(traffic.rate / 2, verdict.rate)
