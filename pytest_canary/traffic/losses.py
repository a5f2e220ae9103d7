"""What was lost or doubled, by name: requests as they happened, writes as they are read back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_canary.api.client import Row
from pytest_canary.core.findings import Finding
from pytest_canary.traffic.exchange import Exchange, Kind, counted

# Lines of evidence; whoever wants all has the report.
LINES = 20

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


@dataclass(frozen=True)
class ReadBack:
    """What became of the writes.

    Attributes:
        acknowledged: writes that were; each must be there once.
        lost: those that are not there, or less often than others, in words.
        doubled: those that are there more often, in words.
        unacknowledged: writes that may have been done and may not; no answer said so.
        found: how many of these are there.
        read: the request that read them.
    """

    acknowledged: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unacknowledged: int
    found: int
    read: str

    @property
    def text(self) -> str:
        """In one line: "843 writes, 0 lost, 0 doubled"."""
        lost, doubled = len(self.lost), len(self.doubled)
        line = f"{counted(self.acknowledged, 'write')}, {lost:,} lost, {doubled:,} doubled"
        if self.unacknowledged:
            line += f"; {self.unacknowledged:,} unacknowledged, of which {self.found:,} are there"
        return line

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with them; empty where every one is there once."""
        found = []
        if self.lost:
            found.append(
                Finding(
                    "WriteLost",
                    f"{len(self.lost):,} of {self.acknowledged:,} acknowledged writes are lost: "
                    f"{self.lost[0]}",
                    where=self.read,
                    evidence=_listed(self.lost),
                    next="look at what was going on when they were acknowledged; if the answer "
                    "shows only some of the rows, let [api.read] ask for all of them",
                )
            )
        if self.doubled:
            found.append(
                Finding(
                    "WriteDoubled",
                    f"{len(self.doubled):,} of {self.acknowledged:,} acknowledged writes are "
                    f"doubled: {self.doubled[0]}",
                    where=self.read,
                    evidence=_listed(self.doubled),
                    likely="something between client and database sends a write again; "
                    "the traffic itself sends each once",
                    next="look for retries in the app, its database client and its proxies",
                )
            )
        return found


def occurrences(text: str, base: str) -> Counter[str]:
    """How often each unique text that begins so is in a body."""
    return Counter(re.findall(rf"{re.escape(base)}[0-9a-f]{{7}}", text))


def usual(counts: Sequence[int]) -> int:
    """How often a body shows one row's text: as often as it shows most rows'.

    An app may show what was written in two fields. Between equals, the fewer; 1 where nothing is.
    """
    there = Counter(count for count in counts if count)
    return min(there, key=lambda count: (-there[count], count), default=1)


def compare(
    rows: Sequence[Row],
    unacknowledged: Sequence[Row],
    seen: Counter[str],
    read: str,
    once: int | None,
) -> ReadBack:
    """What became of the writes, by what a read shows.

    Args:
        rows: what was acknowledged.
        unacknowledged: what was sent and not acknowledged: neither lost nor doubled, whatever the
            read shows.
        seen: how often the body has each unique text.
        read: the request, as it is called.
        once: how often a row's text is there when the row is there once; None for as often as
            most are.
    """
    times = once or usual([seen[row.unique] for row in rows])
    fewer = [row for row in rows if seen[row.unique] < times]
    more = [row for row in rows if seen[row.unique] > times]
    return ReadBack(
        len(rows),
        tuple(_there(row, seen[row.unique], times) for row in fewer),
        tuple(_there(row, seen[row.unique], times) for row in more),
        len(unacknowledged),
        sum(row.unique in seen for row in unacknowledged),
        read,
    )


def _there(row: Row, times: int, others: int) -> str:
    if not times:
        return f"{row.shown} is missing"
    than = f", others {_times(others)}" if others > 1 else ""
    return f"{row.shown} is there {_times(times)}{than}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


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
    where = Counter(_place(each) for each in losses)
    again = f"{len(unsafe):,} of them" if unsafe else "none of them"
    return [
        Finding(
            "RequestsLost",
            f"{len(losses):,} of {sent:,} requests were lost, {again} such as no client may "
            f"safely send again: {(unsafe or losses)[0].shown}",
            where=", ".join(f"{number} {place}" for place, number in where.most_common(3)),
            seen=", ".join(f"{number} {fault}" for fault, number in faults.most_common()),
            evidence=_listed([each.shown for each in [*unsafe, *_rest(losses)]]),
            likely=LIKELY.get(kinds.most_common(1)[0][0], ""),
            next="compare their times with the rollout's and with the pods' logs",
        )
    ]


def _rest(losses: Sequence[Exchange]) -> list[Exchange]:
    return [each for each in losses if each.retryable]


def _place(each: Exchange) -> str:
    """Where the walk stood: "in canary, during deploy"."""
    stage = f"in {each.stage}" if each.stage else "outside every stage"
    return f"{stage} during {each.transition}" if each.transition else stage


def _listed(lines: Sequence[str]) -> str:
    more = [f"… and {len(lines) - LINES:,} more"] if len(lines) > LINES else []
    return "\n".join([*lines[:LINES], *more])
