"""One request and what came of it: lost or not, slow or not, safe to send again or not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from pytest_canary.api.writes import Row, Writes


class Kind(IntEnum):
    """What came of a request."""

    IN_FLIGHT = 0
    """It was sent, and its answer is awaited."""
    ANSWERED = 1
    """Its answer is there in full, and as promised."""
    REFUSED = 2
    """Nothing listens; a Service without endpoints looks so from inside a cluster."""
    UNREACHABLE = 3
    """No connection for another reason: no route, no such host."""
    CONNECT_TIMEOUT = 4
    """No connection within the deadline."""
    RESET = 5
    """The connection was reset before an answer."""
    CLOSED = 6
    """The connection was closed before an answer. Docker's proxy, in front of a kind node, lets one
    that the node refuses look so too: nobody can tell whether a write has arrived."""
    CUT = 7
    """The answer broke off."""
    TIMEOUT = 8
    """No full answer within the deadline."""
    GARBLED = 9
    """The answer is no HTTP."""
    SERVER_ERROR = 10
    """Its status is 500 or more, which was not promised."""
    WRONG = 11
    """It is not as promised in another way: its status, or its body."""
    CROWDED = 12
    """Not sent: too many others were awaiting their answers."""
    LATE = 13
    """Not sent: its time had passed before this process got to it."""
    NO_ROOM = 14
    """Not sent: this machine had no port or file descriptor left for it."""


NOT_SENT = frozenset({Kind.CROWDED, Kind.LATE, Kind.NO_ROOM})
"""The generator's own bounds; the app never had the chance to answer."""

NEVER_ARRIVED = frozenset({Kind.REFUSED, Kind.UNREACHABLE, Kind.CONNECT_TIMEOUT})
"""There was no connection, so nothing of the request can have had an effect."""

LOST = frozenset(Kind) - {Kind.IN_FLIGHT, Kind.ANSWERED, *NOT_SENT}

# RFC 9110, 9.2.1. Its idempotent PUT and DELETE are not among them: the addressbook's
# `PUT /person` adds a person each time, so a client that repeats it can't be sure to have done so
# once.
SAFE = ("GET", "HEAD")

WORDS = {
    Kind.IN_FLIGHT: "is not answered yet",
    Kind.ANSWERED: "was answered",
    Kind.REFUSED: "was refused",
    Kind.UNREACHABLE: "found no connection",
    Kind.CONNECT_TIMEOUT: "got no connection in time",
    Kind.RESET: "was reset",
    Kind.CLOSED: "was closed without an answer",
    Kind.CUT: "got an answer that broke off",
    Kind.TIMEOUT: "got no full answer in time",
    Kind.GARBLED: "got an answer that is no HTTP",
    Kind.SERVER_ERROR: "failed",
    Kind.WRONG: "was answered wrongly",
    Kind.CROWDED: "was not sent, as too many others awaited their answers",
    Kind.LATE: "was not sent, as its time had passed",
    Kind.NO_ROOM: "was not sent, as this machine had no port or file descriptor left",
}


def is_lost(kind: Kind) -> bool:
    """Whether a user would have gone without: no full answer, or not the one promised."""
    return kind in LOST


def slow(kind: Kind, seconds: float, limit: float) -> bool:
    """Whether the answer came, and took longer than the limit; what is lost is not slow too."""
    return kind is Kind.ANSWERED and seconds > limit


def retryable(kind: Kind, method: str) -> bool:
    """Whether a client may safely send a lost request again.

    It may where there was no connection, and where the request only reads. A write that was sent
    may have been done, whatever came back.
    """
    return is_lost(kind) and (kind in NEVER_ARRIVED or method in SAFE)


def percentile(values: Mapping[float, int], share: float) -> float | None:
    """The least of the values that this share of them does not exceed (nearest rank).

    Args:
        values: each, and how often it came.
        share: of 1, above 0.

    Returns:
        None where there are no values.
    """
    # 0.95 * 20 is 19.000000000000004 in some such products; a rank more would be wrong.
    rank = math.ceil(round(share * sum(values.values()), 9))
    for value in sorted(values):
        rank -= values[value]
        if rank <= 0:
            return value
    return None


def place(stage: str, transition: str) -> str:
    """Where the walk stood: "in canary during deploy"."""
    where = f"in {stage}" if stage else "outside every stage"
    return f"{where} during {transition}" if transition else where


@dataclass(frozen=True)
class Exchange:
    """One request of the traffic, and what came of it.

    The plugin's own: `enter`.

    Attributes:
        number: its place in the schedule.
        due: seconds from the traffic's start to when it had to be sent.
        at: the same moment as Unix time.
        stage: where the walk stood at that moment.
        transition: what was changing the cluster then; "" for nothing.
        version: who answered; "" where that is not known.
        pod: the same.
        status: of the answer; 0 where there is none.
        seconds: from when it was due until the answer was there in full, or it was lost.
        lag: seconds by which it was sent late; they are part of `seconds`.
        unique: the text that it wrote; "" for a read.
        text: how the error was worded, or the body of a wrong answer, in part.
        track: whom it was sent to; "" for the Service.
    """

    number: int
    due: float
    at: float
    stage: str
    transition: str
    method: str
    path: str
    version: str
    pod: str
    status: int
    seconds: float
    lag: float
    kind: Kind
    unique: str
    text: str = ""
    track: str = ""

    @property
    def retryable(self) -> bool:
        """Whether it is lost, and a client may safely send it again."""
        return retryable(self.kind, self.method)

    @property
    def fault(self) -> str:
        """What came of it in a word or two: "connect timeout", "status 503", "wrong (404)"."""
        if self.kind is Kind.SERVER_ERROR:
            return f"status {self.status}"
        if self.kind is Kind.WRONG:
            return f"wrong ({self.status})"
        return self.kind.name.lower().replace("_", " ")

    @property
    def where(self) -> str:
        """When and where in the walk: "12.345 s after the start (09:13:02.100 UTC), in canary"."""
        clock = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")[11:23]
        stage = f", in {self.stage}" if self.stage else ""
        during = f", during {self.transition}" if self.transition else ""
        return f"{self.due:.3f} s after the start ({clock} UTC){stage}{during}"

    @property
    def by(self) -> str:
        """Who answered: " by 2, pod web-1"; "" where nobody said."""
        told = (self.version, f"pod {self.pod}" if self.pod else "")
        return " by " + ", ".join(filter(None, told)) if any(told) else ""

    @property
    def to(self) -> str:
        """Whom it was sent to: " to canary"; "" for the Service."""
        return f" to {self.track}" if self.track else ""

    @property
    def shown(self) -> str:
        """All of it in one line."""
        status = f" with status {self.status}" if self.status else ""
        line = (
            f"{self.method} {self.path}{self.to} {WORDS[self.kind]}{status}{self.by} {self.where}"
        )
        if is_lost(self.kind):
            line += f"; {self._again}"
        return f"{line}: {self.text}" if self.text else line

    @property
    def sent(self) -> float:
        """Seconds from the traffic's start to when it was sent."""
        return self.due + self.lag

    @property
    def ended(self) -> float:
        """Seconds from the traffic's start to when the answer was there, or it was lost."""
        return self.due + self.seconds

    def meets(self, begin: float, end: float) -> bool:
        """Whether it was under way, from when it was due, in a stretch of the traffic's time."""
        return begin <= self.ended and self.due <= end

    def enter(self, writes: Writes) -> None:
        """Enter a write that has ended in the journal, unless nothing of it can be there."""
        if self.kind is Kind.ANSWERED:
            writes.acknowledge(self._row("acknowledged"))
        elif is_lost(self.kind) and self.kind not in NEVER_ARRIVED:
            writes.doubt(self._row("not acknowledged"))

    def _row(self, how: str) -> Row:
        request = f"{self.method} {self.path} of {self.unique}{self.to}"
        return Row(self.unique, f"{request}, {how}{self.by}, {self.where},")

    @property
    def _again(self) -> str:
        if self.kind in NEVER_ARRIVED:
            return "it never arrived, so a client may send it again"
        if self.retryable:
            return "it only reads, so a client may send it again"
        return "it may have been done, so no client may safely send it again"
