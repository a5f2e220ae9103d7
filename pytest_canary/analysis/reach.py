"""Whether the settings let a verdict come to a go at all: what it can measure at best; pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pytest_canary.analysis.judge import LEAST_REQUESTS, least_requests_for_go, least_seconds
from pytest_canary.config import verdict_rate
from pytest_canary.config.settings import Settings
from pytest_canary.core.findings import Finding

RULE = "unreachable-go"

# Seconds by which the last look may come late, and so have more to look at.
LATE = 0.5

# Connections fall to canary and stable by chance: in one of 30,000 verdicts so many standard
# deviations more than their share.
LUCK = 4.0

# The highest rate that the settings take, and the longest window that is proposed: where that is
# not enough, too much is to be proven.
HIGHEST, LONGEST = 500, 3600


@dataclass(frozen=True)
class Way:
    """How the two are asked.

    Attributes:
        table: the settings' table whose `rate` decides how often.
        rate: that, in requests a second.
        at: the same settings with another rate.
        most: how many requests a window has at most: the baseline's, and the canary's.
        share: what part of the rate is the canary's, in words; empty for all of it.
    """

    table: str
    rate: Callable[[Settings], float]
    at: Callable[[Settings, float], Settings]
    most: Callable[[Settings], tuple[int, int]]
    share: Callable[[Settings], str]


def _most_by_track(settings: Settings) -> tuple[int, int]:
    """The rate rises without a stop."""
    verdict = settings.verdict
    rate, highest = verdict_rate.first_rate(settings.traffic, verdict), verdict.rate
    left, most = verdict.seconds + LATE, 0.0
    while left > verdict_rate.SECONDS and rate < highest:
        most, left = most + rate * verdict_rate.SECONDS, left - verdict_rate.SECONDS
        rate = min(rate * verdict_rate.FACTOR, highest)
    both = math.floor(most + rate * left) + 1
    return both, both


def _most_by_header(settings: Settings) -> tuple[int, int]:
    """Each has its share of the pods, and some luck."""
    requests = settings.traffic.rate * (settings.verdict.seconds + LATE) + 1
    pods = settings.replicas.stable_during_canary, settings.replicas.canary
    expected = [requests * each / sum(pods) for each in pods]
    lucky = [min(each + LUCK * math.sqrt(each), requests) for each in expected]
    return math.floor(lucky[0]), math.floor(lucky[1])


def _share_by_header(settings: Settings) -> str:
    canary, stable = settings.replicas.canary, settings.replicas.stable_during_canary
    return f", shared with {stable} pods of stable by {canary} of the canary,"


def _with_seconds(settings: Settings, seconds: float) -> Settings:
    changed = settings.verdict.model_copy(update={"seconds": seconds})
    return settings.model_copy(update={"verdict": changed})


def _verdict_at(settings: Settings, rate: float) -> Settings:
    changed = settings.verdict.model_copy(update={"rate": rate})
    return settings.model_copy(update={"verdict": changed})


def _traffic_at(settings: Settings, rate: float) -> Settings:
    changed = settings.traffic.model_copy(update={"rate": rate})
    return settings.model_copy(update={"traffic": changed})


BY_TRACK = Way("verdict", lambda it: it.verdict.rate, _verdict_at, _most_by_track, lambda _: "")
"""Each at an address of its own."""

BY_HEADER = Way(
    "traffic", lambda it: it.traffic.rate, _traffic_at, _most_by_header, _share_by_header
)
"""Both behind the Service, where a header of the answer tells who was."""


def unreachable_go(settings: Settings, way: Way) -> Finding | None:
    """What keeps every canary from a go, however well it does; None where nothing does."""
    if _suffices(settings, way):
        return None
    limits, (baseline, canary) = settings.verdict, way.most(settings)
    given = (
        f"verdict.seconds = {limits.seconds:g} and {way.table}.rate = {way.rate(settings):g}"
        f"{way.share(settings)} give it"
    )
    if not _lasts(settings):
        why = (
            f"with verdict.confidence = {limits.confidence:g} it takes more than "
            f"{least_seconds(limits):g} s to compare latencies, and verdict.seconds = "
            f"{limits.seconds:g}"
        )
    elif canary < least_requests_for_go(limits):
        why = (
            f"with verdict.errors = {limits.errors:g} and verdict.confidence = "
            f"{limits.confidence:g} that takes {least_requests_for_go(limits):,} requests to it, "
            f"and {given} {canary:,} at most"
        )
    else:
        why = (
            f"that takes {LEAST_REQUESTS} requests to the baseline, and {given} {baseline:,} at "
            "most"
        )
    return Finding(
        code=RULE,
        sentence=f"no canary can get a go: {why}",
        where=settings.source,
        file=settings.file,
        line=settings.line("verdict"),
        next=_advice(settings, way),
    )


def _lasts(settings: Settings) -> bool:
    return settings.verdict.seconds + LATE > least_seconds(settings.verdict)


def _suffices(settings: Settings, way: Way) -> bool:
    baseline, canary = way.most(settings)
    enough = baseline >= LEAST_REQUESTS and canary >= least_requests_for_go(settings.verdict)
    return enough and _lasts(settings)


def _advice(settings: Settings, way: Way) -> str:
    """The settings of which one alone is enough, and their least values."""
    ways = []
    for key, changed, highest in (
        ("verdict.seconds", _with_seconds, LONGEST),
        (f"{way.table}.rate", way.at, HIGHEST),
    ):

        def is_enough(value: int, changed: Callable[[Settings, float], Settings] = changed) -> bool:
            return _suffices(changed(settings, float(value)), way)

        value = _least(is_enough, highest)
        ways += [f"{key} to at least {value:,}"] if value else []
    less = "say in verdict.errors or verdict.confidence that less proof is enough"
    return f"set {' or '.join(ways)}; or {less}" if ways else less


def _least(is_enough: Callable[[int], bool], highest: int) -> int | None:
    """The least whole number that is enough, as all above it are; None where none is."""
    if not is_enough(highest):
        return None
    low, high = 0, highest
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
