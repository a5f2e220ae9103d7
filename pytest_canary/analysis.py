"""What samples tell: pure statistics."""

from __future__ import annotations

from dataclasses import dataclass

# An honest split is called wrong in 1 of 1000 runs.
CONFIDENCE = 0.999


@dataclass(frozen=True)
class Share:
    """A share of connections, with its confidence interval (fractions of 1)."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """As percentages: "34 % of connections (29 to 39)"."""
        interval = f"{self.low * 100:.0f} to {self.high * 100:.0f}"
        return f"{self.value * 100:.0f} % of connections ({interval})"

    def holds(self, expected: float) -> bool:
        """Whether the expected share lies in the interval."""
        return self.low <= expected <= self.high


def share(hits: int, connections: int, confidence: float = CONFIDENCE) -> Share:
    """The share that so many hits make, with Wilson's score interval.

    Raises:
        ValueError: there was no connection, which says nothing.
    """
    if connections < 1:
        raise ValueError("no connection, no share")
    from scipy.stats import binomtest

    interval = binomtest(hits, connections).proportion_ci(confidence, method="wilson")
    return Share(hits / connections, float(interval.low), float(interval.high))
