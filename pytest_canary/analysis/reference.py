"""The baseline before the canary came, which is what it is held against afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.analysis.kinds import Kind
    from pytest_canary.analysis.requests import Requests


@dataclass(frozen=True)
class Sample:
    """Requests to the baseline that were sent in one way.

    Attributes:
        requests: what was sent, one at least.
        rows: how many its reads answered with, on average.
    """

    requests: Requests
    rows: float = 0.0

    def growth(self, rows: float) -> float:
        """How many times longer a read may take by now for its rows alone.

        What a read costs for its rows grows no faster than they do.

        Args:
            rows: how many it answers with by now; 0 where it costs the same however many there are.
        """
        return max(1.0, rows / max(self.rows, 1.0))


@dataclass(frozen=True)
class Reference:
    """What was sent to the baseline before the canary came.

    Attributes:
        samples: one at least; the first is the most like what is sent now.
        slow: seconds above which an answer is slow for anybody, as the settings say.
    """

    samples: tuple[Sample, ...]
    slow: float

    def of(self, kind: Kind, least: int) -> Sample | None:
        """The first sample that has so many answers of a kind, and those alone; None for none.

        Args:
            kind: of requests.
            least: how many answers are enough.
        """
        for sample in self.samples:
            requests = kind.of(sample.requests)
            if len(requests.latencies) >= least:
                return replace(sample, requests=requests)
        return None

    @property
    def most(self) -> Requests:
        """The requests of the largest sample."""
        return max((each.requests for each in self.samples), key=len)
