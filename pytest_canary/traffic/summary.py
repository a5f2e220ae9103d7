"""What some of the requests come to: counts and percentiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_canary.core.wording import plural
from pytest_canary.traffic.exchange import LOST, NOT_SENT, Kind, percentile

# Seconds are counted to a tenth of a millisecond, which is less than the generator's own lag.
DIGITS = 4


@dataclass(frozen=True)
class Summary:
    """What some of the requests came to.

    Latencies are of answers as promised, in seconds from when the request was due; None where there
    is none.

    Attributes:
        sent: requests that went out; of them `lost` and `slow` went wrong, and `in_flight` are
            still awaiting their answers.
        retryable: of the lost, those that a client may safely send again.
        unsent: those that this process's own bounds kept back; not among the sent.
        writes: acknowledged writes.
        versions: the same by the version that answered; "" is nobody or unknown.
    """

    sent: int
    lost: int
    retryable: int
    slow: int
    in_flight: int
    unsent: int
    writes: int
    p50: float | None
    p95: float | None
    p99: float | None
    versions: Mapping[str, Summary] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """In one line: "1,812 requests, 2 lost (1 safe to send again), 3 slow; 360 writes"."""
        again = f" ({self.retryable:,} safe to send again)" if self.lost else ""
        unsent = f", {self.unsent:,} not sent" if self.unsent else ""
        return (
            f"{plural(self.sent, 'request')}, {self.lost:,} lost{again}, {self.slow:,} slow"
            f"{unsent}; {plural(self.writes, 'write')}"
        )


class Bin(NamedTuple):
    """A stretch of time, as the requests that were due in it saw one version.

    Attributes:
        at: where it begins, in seconds after the traffic's start.
        errors: those of the requests that are lost.
        p50: seconds, as in `Summary`; and so the others.
    """

    at: float
    requests: int
    errors: int
    p50: float | None
    p95: float | None
    p99: float | None


class Tally:
    """What some requests come to, counted: it takes no more room for many than for a few."""

    def __init__(self) -> None:
        self.kinds = [0] * len(Kind)
        self.retryable = self.slow = self.writes = 0
        self.seconds: Counter[float] = Counter()

    def add(self, other: Tally) -> None:
        """Count another's too."""
        self.kinds = [mine + theirs for mine, theirs in zip(self.kinds, other.kinds, strict=True)]
        self.retryable += other.retryable
        self.slow += other.slow
        self.writes += other.writes
        self.seconds.update(other.seconds)

    def of(self, kinds: Iterable[Kind]) -> int:
        """How many are of these kinds."""
        return sum(self.kinds[kind] for kind in kinds)

    def summary(self) -> Summary:
        """The same, as it is told; without versions."""
        return Summary(
            sum(self.kinds) - self.of(NOT_SENT),
            self.of(LOST),
            self.retryable,
            self.slow,
            self.kinds[Kind.IN_FLIGHT],
            self.of(NOT_SENT),
            self.writes,
            percentile(self.seconds, 0.5),
            percentile(self.seconds, 0.95),
            percentile(self.seconds, 0.99),
        )
