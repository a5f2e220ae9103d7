"""What was lost of the requests, by name, and why it likely was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import first_lines, plural
from pytest_canary.traffic.exchange import Exchange, Kind, place

STOPPED = (
    "a pod stopped before every node had heard of it, or before it had answered what it had begun; "
    "let the app serve on for some seconds after SIGTERM, or give the container a preStop sleep"
)
LIKELY = {
    Kind.REFUSED: "there was a moment without a ready pod, or " + STOPPED,
    Kind.RESET: STOPPED,
    Kind.CLOSED: STOPPED,
    Kind.CUT: STOPPED,
    Kind.TIMEOUT: "the app waits for something, such as a lock that a migration holds, or a pod "
    "went and left its connections open",
}

MEND = (
    "mend it; until that is live, only a walk that compares with nothing can pass, as a first "
    "release does (--canary-baseline none)"
)


@dataclass(frozen=True)
class Before:
    """What was sent before the canary came, when the live version was alone.

    Attributes:
        sent: how many requests.
        until: seconds from the traffic's start to the canary's coming.
    """

    sent: int
    until: float


def request_findings(
    sent: int,
    losses: Sequence[Exchange],
    before: Before | None = None,
    beside: Sequence[str] = (),
) -> list[Finding]:
    """What is wrong with the requests: a finding where any is lost.

    Args:
        sent: how many there were.
        losses: those that are lost, in their order.
        before: those that the live version had alone; None where there were none.
        beside: what else happened when they were lost, a line each.
    """
    if not losses:
        return []
    faults = Counter(each.fault for each in losses)
    unsafe = [each for each in losses if not each.retryable]
    where = Counter(place(each.stage, each.transition) for each in losses)
    own = len([each for each in losses if before and each.due < before.until])
    told = [*unsafe, *_rest(losses)]
    again = f"{len(unsafe):,} of them" if unsafe else "none of them"
    return [
        Finding(
            "RequestsLost",
            f"{len(losses):,} of {sent:,} requests were lost, {again} such as no client may "
            f"safely send again: {told[0].shown}",
            where=", ".join(f"{number} {text}" for text, number in where.most_common(3)),
            seen=", ".join(f"{number} {fault}" for fault, number in faults.most_common()),
            evidence="\n".join(
                filter(None, [first_lines([each.shown for each in told]), first_lines(beside)])
            ),
            # What is lost later may be for the load that the first have left to others.
            likely=_by_itself(own, before) or LIKELY.get(losses[0].kind, ""),
            next=MEND if own else "compare their times with the rollout's and with the pods' logs",
        )
    ]


def _by_itself(lost: int, before: Before | None) -> str:
    """That the live version loses some, whatever the release does; empty where it does not."""
    if not (before and lost):
        return ""
    return (
        f"the live version loses some by itself: {lost:,} of {plural(before.sent, 'request')} "
        "before the canary came, which are too few to tell how many of the others are its own too"
    )


def _rest(losses: Sequence[Exchange]) -> list[Exchange]:
    return [each for each in losses if each.retryable]
