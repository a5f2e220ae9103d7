"""What the live version loses as its own pods stop, which is no fault of what takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import first_lines, plural
from pytest_canary.traffic.exchange import NEVER_ARRIVED, Exchange, Kind
from pytest_canary.traffic.losses import STOPPED

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.rendering.version import Version

RULE = "baseline-stops-badly"

# How requests end that a pod takes with it.
TAKEN_ALONG = NEVER_ARRIVED | {Kind.RESET, Kind.CLOSED, Kind.CUT}

# Seconds that a stop may be seen too late, and in which a node may not have heard of its end, of
# which the watch tells about half a second before the pod is gone.
BEFORE, AFTER = 0.5, 1.5

# Where the walk lets pods of the live version stop; it waits there for their end.
STAGES = ("canary", "stable")

Stretch = tuple[float, float]


def lost_by_baseline(context: Context, losses: Sequence[Exchange]) -> list[Exchange]:
    """Those of lost requests that went along with a stopping pod of the live version.

    While one of the candidate's stops too, nobody can tell whose they are, and they are not among
    these. In a promotion the candidate's pods start at the same moments, so there it takes proof
    that the live version does so: some were lost in the stage `canary`, when nothing but one of its
    pods stopped.
    """
    if not (losses and context.plan.upgrade):
        return []
    answers = {"", context.journal.versions.get("baseline", "")}
    own = losses_during(
        [
            each
            for each in losses
            if each.stage in STAGES
            and each.version in answers
            and (each.version or each.kind in TAKEN_ALONG)
        ],
        _stops(context, context.baseline),
        _stops(context, context.candidate),
    )
    return own if any(each.stage == "canary" for each in own) else []


def _stops(context: Context, version: Version) -> list[Stretch]:
    """From when to when pods of a version stopped, by the traffic's clock."""
    offset = traffic_offset(context)
    return [
        (each.began + offset - BEFORE, each.ended + offset + AFTER)
        for each in context.observer.endings
        if version.image in each.images
    ]


def traffic_offset(context: Context) -> float:
    """Seconds by which the traffic's clock is ahead of the observer's."""
    return context.app.traffic.now() - context.observer.now()


def losses_during(
    losses: Sequence[Exchange], stops: Sequence[Stretch], others: Sequence[Stretch]
) -> list[Exchange]:
    """Those that were under way in one of these stretches of time, and in none of the others."""

    def meets(each: Exchange, stretches: Sequence[Stretch]) -> bool:
        return any(each.meets(begin, end) for begin, end in stretches)

    return [each for each in losses if meets(each, stops) and not meets(each, others)]


def stop_finding(losses: Sequence[Exchange]) -> Finding:
    """What is wrong with how the live version stops, by what was lost; one at least."""
    return Finding(
        RULE,
        f"the live version stops badly: {plural(len(losses), 'request')} went along with a pod of "
        f"it: {losses[0].shown}",
        evidence=first_lines([each.shown for each in losses]),
        likely=STOPPED,
        next="let a release mend it; until that is live, each rollout loses some",
    )
