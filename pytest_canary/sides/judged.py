"""What becomes of the two sides after their verdict, as long as the canary is there."""

from __future__ import annotations

from pytest_canary.analysis.late import Afterwards
from pytest_canary.analysis.memory import Memory
from pytest_canary.core.errors import ClusterError
from pytest_canary.sides.asked import Asked
from pytest_canary.sides.memory_watch import MemoryWatch
from pytest_canary.sides.pod_figures import PodFigures


class Judged:
    """Whom there was a verdict of; to be made as soon as there was.

    Args:
        asked: tells what became of the requests, until then and since.
        stable, canary: what their pods tell since.
        memory: watches on what pods hold; those that it looks at now.
    """

    def __init__(
        self, asked: Asked, stable: PodFigures, canary: PodFigures, memory: MemoryWatch
    ) -> None:
        self._asked = asked
        self._at = asked.now()
        self._stable, self._canary = stable, canary
        self._memory, self._watched = memory, memory.pods

    def afterwards(self) -> Afterwards:
        """What was seen since.

        Raises:
            TrafficError: the traffic broke off.
        """
        baseline, _ = self._asked.requests(0.0, self._at)
        stable, canary = self._asked.requests(self._at, self._asked.now())
        return Afterwards(
            baseline,
            # By its version, an answer of the candidate's may be stable's, which has just started.
            stable if self._asked.by_track else None,
            canary,
            (self._stable.restarts_in_place, self._canary.restarts),
            (self._stable.unready, self._canary.unready),
            self._measure_memory(),
        )

    def _measure_memory(self) -> tuple[Memory | None, Memory | None]:
        try:
            return self._memory.tell(self._asked, self._watched)
        except ClusterError:
            return None, None  # what lacks stops nobody any more
