"""What asks and watches the two versions in a walk, and the last verdict on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.core.waiting import Waiter
    from pytest_canary.sides.in_turn import InTurn
    from pytest_canary.sides.judged import Judged
    from pytest_canary.sides.memory_watch import MemoryWatch
    from pytest_canary.sides.sides import Sides


@dataclass
class Comparing:
    """Who asks the two versions, who watches them, and of whom there was a verdict.

    There from the beginning; who it has changes by its methods alone.

    Attributes:
        sides: canary and baseline side by side, from the baseline's readiness until the canary's
            end; None before and after, and where they are not compared.
        in_turn: the baseline, and the candidate after it, where there is no canary; None before and
            after, and where they are not compared.
        memory: what the pods of both hold, since they are side by side; None before.
        judged: when there was a verdict, and of whom; None before.
    """

    sides: Sides | None = None
    in_turn: InTurn | None = None
    memory: MemoryWatch | None = None
    judged: Judged | None = None

    def begin(self, sides: Sides) -> Sides:
        """Have the two asked side by side from now on."""
        self.sides = sides
        return sides

    def begin_in_turn(self, in_turn: InTurn) -> None:
        """Have them asked one after the other from now on."""
        self.in_turn = in_turn

    def watch(self, memory: MemoryWatch) -> MemoryWatch:
        """Watch what pods hold from now on; what was seen before counts no more."""
        self._stop_watching()
        self.memory = memory.start()
        return self.memory

    def keep(self, judged: Judged) -> None:
        """Remember whom there was a verdict of."""
        self.judged = judged

    def keep_baseline(self, waiter: Waiter) -> None:
        """Keep what the baseline has answered alone; to be called before the candidate comes."""
        if self.in_turn:
            self.in_turn.keep_baseline(waiter)
        if self.sides:
            self.sides.keep_alone(waiter)

    def enter_phase(self, stage: str, transition: str) -> None:
        """Let what is sent know where the walk stands."""
        if self.sides and self.sides.traffic:
            self.sides.traffic.enter_phase(stage, transition)
        if self.in_turn:
            self.in_turn.traffic.enter_phase(stage, transition)

    def close(self) -> None:
        """Ask nobody any more, and watch nobody's memory."""
        self._stop_watching()
        if self.sides:
            self.sides.close()
        if self.in_turn:
            self.in_turn.stop()
        self.sides = self.in_turn = None

    def stop(self) -> None:
        """End what runs in the background; what it has on the cluster stays."""
        self._stop_watching()
        if self.sides:
            self.sides.stop()
        if self.in_turn:
            self.in_turn.stop()

    def _stop_watching(self) -> None:
        if self.memory:
            self.memory.stop()
