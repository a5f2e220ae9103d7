"""How far the rate may rise: as long as the baseline and the generator keep up with it; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_canary.config.verdict_rate import FACTOR

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
        worst: seconds of the baseline's median since it was last stepped back; None where that was
            not, and where it has been sound since, or worse at the first rate.
    """

    rate: float
    base: Load
    least: float
    most: float
    strikes: int = 0
    worst: float | None = None

    @classmethod
    def begin(cls, rate: float, most: float, base: Load, alone: float | None = None) -> Ramp:
        """Stand at the first rate.

        Args:
            rate: the first one.
            most: bounds all of them, this one too.
            base: what was seen shortly before; a machine that was busy then, with the start of a
                pod, is no measure, so that the median is no more than beside one pod more.
            alone: seconds of the baseline's median when there was no canary; None where nobody
                knows.
        """
        if alone is not None and base.median is not None:
            base = replace(base, median=min(base.median, _sound_beside(alone)))
        return cls(min(rate, most), base, min(rate, most), most)

    @property
    def limit(self) -> float:
        """Seconds that the baseline's median may have.

        What was due so long ago has either been answered within it, or has waited for longer; so a
        median of what was due until then is not flattered by what is in flight.
        """
        return _sound_beside(self.base.median or 0.0)

    def sound(self, now: Load) -> bool:
        """Whether baseline and generator keep up."""
        return (
            now.median is not None
            and now.median <= self.limit
            and now.lag <= max(LAG, LATER * self.base.lag)
            and not now.unsent
        )

    def is_recovering(self, now: Load) -> bool:
        """Whether the baseline still works off what a higher rate has left, with less to do."""
        return self.worst is not None and now.median is not None and now.median < self.worst

    def strains(self, now: Load) -> bool:
        """Whether the baseline was slow for the load alone: at a rate above the first, or since."""
        if self.base.median is None or now == NOTHING or self.sound(now):
            return False
        return self.rate > self.least or self.is_recovering(now)

    def after(self, now: Load) -> Ramp:
        """The next step: up where this one is sound, and back by one where it is not.

        Where nothing was due, or the baseline answered nothing at the first rate, it stays; and so
        it does while what waited at a higher rate is worked off.

        Args:
            now: what was seen since the last step, half a second or more of it.
        """
        if self.base.median is None or now == NOTHING:
            return self
        if self.sound(now):
            return replace(self, rate=min(self.rate * FACTOR, self.most), worst=None)
        if self.is_recovering(now):
            return replace(self, worst=now.median)
        back, strikes = max(self.rate / FACTOR, self.least), self.strikes + 1
        most = back if strikes >= STRIKES else self.most
        # What is slow at the first rate has waited for no higher one.
        worst = now.median if self.rate > self.least else None
        return replace(self, rate=back, most=most, strikes=strikes, worst=worst)


def _sound_beside(median: float) -> float:
    """Seconds that a median may become, of what it was."""
    return max(SLOWER * median, median + FLOOR)
