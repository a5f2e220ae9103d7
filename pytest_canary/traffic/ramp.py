"""How far the rate may rise: as long as the baseline and the generator keep up with it; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

# The rate's steps. From 10 a second it is at 75 after five of them.
STEP = 1.5

# What the baseline's median may become, of what it was at the first rate; and the seconds by which
# it always may rise, as a quick app's median varies by that much on a busy machine.
SLOWER = 1.3
FLOOR = 0.005

# Seconds by which requests may go out late, or so many times what it was at the first rate. Two
# cores that others keep busy were late by 3 to 16 ms at 10 a second as at 75, by 50 ms and more
# where the generator could not keep up. Both tracks are late together, so neither looks worse.
LAG = 0.005
LATER = 3.0

# So many rates that were not sound, and no higher one is tried again: one may be a hiccup.
STRIKES = 2


@dataclass(frozen=True)
class Load:
    """How the baseline and the generator did at a rate.

    Attributes:
        median: seconds of the baseline's requests; None where there was none.
        lag: seconds by which requests went out late, the 99th percentile.
        unsent: the share of what was due that was not sent, of 1.
    """

    median: float | None
    lag: float
    unsent: float


# What is seen where nothing was due; a generator that stands still has a lag.
NOTHING = Load(None, 0.0, 0.0)


@dataclass(frozen=True)
class Ramp:
    """Where the rate is on its way up.

    Attributes:
        rate: requests a second to each track, as they are to be now.
        base: what was seen at the first rate, over some seconds: half a second has no 99th
            percentile to speak of.
        least: the first rate; below it there is nothing to step back to.
        most: the highest that may be tried still.
        strikes: how often a rate was not sound.
    """

    rate: float
    base: Load
    least: float
    most: float
    strikes: int = 0

    @classmethod
    def begin(cls, rate: float, most: float, base: Load) -> Ramp:
        """The first rate, and what was seen at it; `most` bounds all of them, this one too."""
        return cls(min(rate, most), base, min(rate, most), most)

    @property
    def limit(self) -> float:
        """Seconds that the baseline's median may have.

        What was due so long ago has either been answered within it, or has waited for longer; so a
        median of what was due until then is not flattered by what is in flight.
        """
        median = self.base.median or 0.0
        return max(SLOWER * median, median + FLOOR)

    def sound(self, now: Load) -> bool:
        """Whether baseline and generator keep up."""
        return (
            now.median is not None
            and now.median <= self.limit
            and now.lag <= max(LAG, LATER * self.base.lag)
            and not now.unsent
        )

    def after(self, now: Load) -> Ramp:
        """The next step: up where this one is sound, and back by one where it is not.

        Where nothing was due, or the baseline answered nothing at the first rate, it stays.

        Args:
            now: what was seen since the last step, half a second or more of it.
        """
        if self.base.median is None or now == NOTHING:
            return self
        if self.sound(now):
            return replace(self, rate=min(self.rate * STEP, self.most))
        back, strikes = max(self.rate / STEP, self.least), self.strikes + 1
        most = back if strikes >= STRIKES else self.most
        return replace(self, rate=back, most=most, strikes=strikes)
