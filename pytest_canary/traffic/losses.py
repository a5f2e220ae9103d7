"""What was lost of the requests, by name, and why it likely was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import listed
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
    Kind.TIMEOUT: "the app waits for something, such as a lock that a migration holds",
}


def request_findings(sent: int, losses: Sequence[Exchange]) -> list[Finding]:
    """What is wrong with the requests: a finding where any is lost.

    Args:
        sent: how many there were.
        losses: those that are lost, in their order.
    """
    if not losses:
        return []
    kinds = Counter(each.kind for each in losses)
    faults = Counter(each.fault for each in losses)
    unsafe = [each for each in losses if not each.retryable]
    where = Counter(place(each.stage, each.transition) for each in losses)
    again = f"{len(unsafe):,} of them" if unsafe else "none of them"
    return [
        Finding(
            "RequestsLost",
            f"{len(losses):,} of {sent:,} requests were lost, {again} such as no client may "
            f"safely send again: {(unsafe or losses)[0].shown}",
            where=", ".join(f"{number} {text}" for text, number in where.most_common(3)),
            seen=", ".join(f"{number} {fault}" for fault, number in faults.most_common()),
            evidence=listed([each.shown for each in [*unsafe, *_rest(losses)]]),
            likely=LIKELY.get(kinds.most_common(1)[0][0], ""),
            next="compare their times with the rollout's and with the pods' logs",
        )
    ]


def _rest(losses: Sequence[Exchange]) -> list[Exchange]:
    return [each for each in losses if each.retryable]
