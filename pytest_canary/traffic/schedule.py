"""When each request of the traffic is due, and which one it is: all of it is known beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.config.api_settings import Request
    from pytest_canary.traffic.pace import Pace

# Every read answers with every row, so the rows would in time be the load: an app that takes
# 2 ms for an empty list takes 12 ms for 1,000 of them. After so many writes they go on, thinned.
FULL_WRITES = 500
THINNED = 20


@dataclass(frozen=True)
class Schedule:
    """A fixed schedule: which requests there are, and when each is due.

    What is due does not depend on what was answered, so a slow answer can't put later ones off.
    Where there are several targets, each gets the same: a read or a write goes to all of them at
    one moment, its turn, and who comes first in it changes from turn to turn.

    Attributes:
        pace: when each turn is due.
        share: of the requests that write, as a fraction; after 500 writes, a twentieth of that.
        base: letters and digits that the unique text of each write begins with.
        write: the request that writes; `{unique}` in it is still to be filled.
        read: the request that reads.
        targets: how many there are.
        thinned: whether there are fewer writes in time; where not, they keep their share.
    """

    pace: Pace
    share: float
    base: str
    write: Request
    read: Request
    targets: int = 1
    thinned: bool = True

    def due(self, number: int) -> float:
        """Seconds from the start to a request."""
        return self.pace.due(number // self.targets)

    def target(self, number: int) -> int:
        """Which of the targets a request goes to, counted from 0."""
        turn, place = divmod(number, self.targets)
        return (turn + place) % self.targets

    def _writing_turns(self, turns: int) -> int:
        """How many of so many turns write."""
        # Where nothing but writes is asked for, no read grows.
        if self.share in (0, 1) or not self.thinned:
            return int(turns * self.share)
        full = math.ceil(FULL_WRITES / self.share)
        if turns <= full:
            return int(turns * self.share)
        return int(full * self.share) + int((turns - full) * self.share / THINNED)

    def is_write(self, number: int) -> bool:
        """Whether a request writes; writes are spread evenly among the reads."""
        turn = number // self.targets
        return self._writing_turns(turn + 1) > self._writing_turns(turn)

    def request(self, number: int) -> Request:
        """The request, as the settings define it."""
        return self.write if self.is_write(number) else self.read

    def unique(self, number: int) -> str:
        """The text that only this write has; "" for a read.

        All are of one length, so that none is a part of another.
        """
        return f"{self.base}{number:07x}" if self.is_write(number) else ""

    def path(self, number: int) -> str:
        """The path that the request goes to."""
        return self.request(number).path.replace("{unique}", self.unique(number))

    def numbers(self, begin: float, end: float) -> range:
        """The requests that are due from `begin` to before `end`, seconds after the start."""
        return range(self.first(begin), self.first(end))

    def first(self, moment: float) -> int:
        """The first request that is due at a moment or later."""
        return self.pace.first(moment) * self.targets
