"""How many requests a second are due, and so when each is: fixed for all that was due so far."""

from __future__ import annotations

import math
from bisect import bisect_right
from operator import attrgetter
from typing import NamedTuple


class _Stretch(NamedTuple):
    """From when on there are so many a second.

    Attributes:
        at: when it begins, in seconds after the start.
        counted: what was due before it, with the fraction by which the next had come near.
        number: the first that is due in it.
    """

    at: float
    counted: float
    number: int
    rate: float


class Pace:
    """So many a second from the start on: number n is due n / rate seconds after it.

    One thread may change it while others ask for what was due before.

    Args:
        rate: how many a second.
    """

    def __init__(self, rate: float) -> None:
        # A new one for each change, as others read it meanwhile.
        self._stretches: tuple[_Stretch, ...] = (_Stretch(0.0, 0.0, 0, rate),)

    @property
    def rate(self) -> float:
        """How many a second are due since the last change."""
        return self._stretches[-1].rate

    def change(self, at: float, rate: float) -> None:
        """Let so many a second be due from a moment on; what was due before stays where it is.

        What was about to be due keeps its share of the wait, so that however often the rate
        changes, there are as many as the rates add up to.

        Args:
            at: seconds after the start; nothing that is due later may be under way.
            rate: how many a second.

        Raises:
            ValueError: the moment lies before the last change, or the rate is not above 0.
        """
        last = self._stretches[-1]
        if at < last.at or not rate > 0:
            raise ValueError(
                f"{rate:g} a second from {at:g} s on can't follow a change at {last.at:g} s"
            )
        if rate == last.rate:
            return
        number = self.first(at)
        # Rounding must not let it be due before the stretch that it is in.
        counted = min(last.counted + (at - last.at) * last.rate, number)
        self._stretches = (*self._stretches, _Stretch(at, counted, number, rate))

    def due(self, number: int) -> float:
        """Seconds from the start to a number."""
        stretches = self._stretches
        of = stretches[bisect_right(stretches, number, key=attrgetter("number")) - 1]
        return of.at + (number - of.counted) / of.rate

    def first(self, moment: float) -> int:
        """The first number that is due at a moment or later."""
        if moment <= 0:
            return 0
        stretches = self._stretches
        of = stretches[bisect_right(stretches, moment, key=attrgetter("at")) - 1]
        # The division in `due` rounds; its word counts.
        near = max(0, math.floor(of.counted + (moment - of.at) * of.rate) - 1)
        while self.due(near) < moment:
            near += 1
        return near
