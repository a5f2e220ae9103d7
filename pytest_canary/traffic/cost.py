"""What the traffic itself took, so that nobody takes its own delays for the app's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What the traffic itself took, and how punctual it was.

    Attributes:
        cpu: seconds of processor time of its thread, the kernel's part included.
        wall: seconds that it ran.
        lag_p50: seconds by which requests went out late; and so the others.
        unsent: requests that its bounds kept back.
    """

    cpu: float
    wall: float
    lag_p50: float
    lag_p99: float
    lag_max: float
    unsent: int

    @property
    def text(self) -> str:
        """In one line."""
        share = self.cpu / self.wall * 100 if self.wall else 0
        late = ", ".join(
            f"{lag * 1000:.1f} ms ({name})"
            for lag, name in ((self.lag_p50, "p50"), (self.lag_p99, "p99"), (self.lag_max, "max"))
        )
        return (
            f"the traffic took {share:.1f} % of a processor; requests went out late by {late}; "
            f"{self.unsent:,} not sent"
        )
