"""Time, wound by hand."""

import time


class Clock:
    """Time that passes while somebody sleeps, so that a wait comes to its deadline at once.

    Args:
        now: where it begins.
        step: seconds that pass with every look at it, for what looks without ever sleeping.

    Attributes:
        time: what it shows.
        real: seconds that each sleep takes all the same, for what has a clock of its own.
        naps: how long each sleep was.
    """

    def __init__(self, now: float = 0.0, step: float = 0.0) -> None:
        self.time = now
        self.real = 0.0
        self.naps: list[float] = []
        self._step = step

    def monotonic(self) -> float:
        self.time += self._step
        return self.time

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.time += seconds
        time.sleep(self.real)
