"""When each request of the traffic is due, and which one it is: all of it is known beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.config.settings import Request

# Every read answers with every row, so the rows would in time be the load: an app that takes
# 2 ms for an empty list takes 12 ms for 1,000 of them. After so many writes they go on, thinned.
FULL_WRITES = 500
THINNED = 20


@dataclass(frozen=True)
class Schedule:
    """A fixed schedule: request `number` is due `number / rate` seconds after the start.

    What is due does not depend on what was answered, so a slow answer can't put later ones off.

    Attributes:
        rate: requests a second.
        share: of them that write, as a fraction; after 500 writes, a twentieth of that.
        base: letters and digits that the unique text of each write begins with.
        write: the request that writes; `{unique}` in it is still to be filled.
        read: the request that reads.
    """

    rate: float
    share: float
    base: str
    write: Request
    read: Request

    def due(self, number: int) -> float:
        """Seconds from the start to a request."""
        return number / self.rate

    def writes_before(self, number: int) -> int:
        """How many of the requests before this one write."""
        # Where nothing but writes is asked for, no read grows.
        if self.share in (0, 1):
            return int(number * self.share)
        full = math.ceil(FULL_WRITES / self.share)
        if number <= full:
            return int(number * self.share)
        return int(full * self.share) + int((number - full) * self.share / THINNED)

    def is_write(self, number: int) -> bool:
        """Whether a request writes; writes are spread evenly among the reads."""
        return self.writes_before(number + 1) > self.writes_before(number)

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
        return range(self._first(begin), self._first(end))

    def _first(self, moment: float) -> int:
        """The first request that is due at a moment or later."""
        if moment <= 0:
            return 0
        # The division in `due` rounds; its word counts.
        near = max(0, math.floor(moment * self.rate) - 1)
        while self.due(near) < moment:
            near += 1
        return near
