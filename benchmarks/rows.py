"""What came of simulated canaries, a row of a table each, and whether it holds what is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from scipy.special import betainc
from worlds import (
    BORDER,
    BUSIER,
    EQUAL,
    HARMED,
    HARMLESS,
    TURNS_BORDER,
    TURNS_EQUAL,
    TURNS_WORSE,
    WORSE,
    World,
)

# How often a row may be said by chance to break a bound that holds: once in 1,000 rows.
CHANCE = 0.001

# The share of false answers that is allowed, of releases that differ in nothing or by just what
# matters; and of those that are worse. What comes once in 20 s is not in each window.
FALSE = 0.05
SELDOM = "errors for 1 s every 20 s"

# The shares of these that are to be stopped.
STOPPED = {"2 % errors": 0.85, "5 % errors": 0.99}


@dataclass(frozen=True)
class Row:
    """What came of one world.

    Attributes:
        world: it.
        answers: how often each was given.
        seconds: that each took, by answer.
        kayenta_fails: how many Kayenta's rule stops; None where it was not asked.
    """

    world: World
    answers: Counter[str]
    seconds: dict[str, list[float]]
    kayenta_fails: int | None = None

    @classmethod
    def of(
        cls, world: World, came: Iterable[tuple[str, float]], kayenta_fails: int | None = None
    ) -> Row:
        """Of an answer and its seconds each."""
        answers: Counter[str] = Counter()
        took: dict[str, list[float]] = {}
        for answer, seconds in came:
            answers[answer] += 1
            took.setdefault(answer, []).append(seconds)
        return cls(world, answers, took, kayenta_fails)

    @property
    def runs(self) -> int:
        """How many were simulated."""
        return self.answers.total()

    @property
    def markdown(self) -> str:
        """A row of the table: percentages, and the median's seconds."""
        cells = [
            f"{100 * self.answers[each] / self.runs:.1f}"
            for each in ("go", "no-go", "inconclusive")
        ]
        cells += [
            f"{median(self.seconds[each]):.1f}" if each in self.seconds else ""
            for each in ("go", "no-go")
        ]
        if self.kayenta_fails is not None:
            fails = self.kayenta_fails / self.runs
            cells += [f"{100 * (1 - fails):.1f}", f"{100 * fails:.1f}"]
        return " | ".join(["", self.world.name.removeprefix("in turn: "), *cells, ""]).strip()

    @property
    def broken(self) -> str:
        """Which bound it breaks by more than chance, in words; empty where it holds all."""
        name, runs = self.world.name, self.runs
        if self.world in (*EQUAL, *HARMLESS, *BUSIER, *TURNS_EQUAL):
            false = "no-go"
        elif name != SELDOM and self.world in (
            *BORDER,
            *WORSE,
            *HARMED,
            *TURNS_BORDER,
            *TURNS_WORSE,
        ):
            false = "go"
        else:
            return ""
        if at_least(self.answers[false], runs, FALSE) < CHANCE:
            return f"{name}: {self.answers[false]} of {runs} are {false}, and 5 % are allowed"
        stopped = STOPPED.get(name)
        missed = runs - self.answers["no-go"]
        if stopped and at_least(missed, runs, 1 - stopped) < CHANCE:
            told = f"{self.answers['no-go']} of {runs} are no-go"
            return f"{name}: {told}, and {100 * stopped:.0f} % are asked for"
        return ""


def at_least(some: int, of: int, share: float) -> float:
    """How likely so many of all are, or more, where each is one with this chance (binomial)."""
    return float(betainc(some, of - some + 1, share)) if some else 1.0
