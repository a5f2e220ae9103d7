"""How often the verdict is right: simulated canaries, judged by pytest-canary and by Kayenta.

    python benchmarks/verdict.py [--runs N] [--seed N] > table.md

Both see the same samples. The canary gets a third of the requests; ours looks ten times while they
come in, Kayenta's judges once, at the end. What Kayenta is fed is generous: every latency, where
it is usually given one point a minute; and the error rate of each second.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import kayenta  # noqa: E402

from pytest_canary.analysis.comparison import Observed  # noqa: E402
from pytest_canary.analysis.verdict import LOOKS, Judge  # noqa: E402
from pytest_canary.config.settings import VerdictSettings as Limits  # noqa: E402

SIZES = (100, 200, 400, 800, 1600)
PER_SECOND = 17  # requests to the canary, with the default traffic

Chance = numpy.random.Generator
Values = Any


def lognormal(chance: Chance, count: int) -> Values:
    """Around 100 ms, one in forty beyond 265 ms: what a service of one kind of request has."""
    return 0.1 * chance.lognormal(0, 0.5, count)


def bimodal(chance: Chance, count: int) -> Values:
    """Reads around 60 ms and a fifth writes around 180 ms; one in a hundred hangs, Pareto-like."""
    middle = numpy.where(chance.random(count) < 0.2, 0.18, 0.06)
    hung = numpy.where(chance.random(count) < 0.01, 0.2 * (1 + chance.pareto(1.5, count)), 0)
    return middle * chance.lognormal(0, 0.25, count) + hung


def quick(chance: Chance, count: int) -> Values:
    """Around 10 ms and tight, as a small app on loopback."""
    return 0.01 * chance.lognormal(0, 0.15, count)


@dataclass(frozen=True)
class World:
    """What the canary does otherwise than the baseline.

    Attributes:
        name: in the table.
        latency: draws so many latencies, in seconds.
        errors: the share of requests that fail, of the baseline and of the canary.
        slower: what the canary's latencies are multiplied by.
        more: seconds that are added to them.
        hangs: the share of the canary's answers that take half a second more.
    """

    name: str
    latency: Callable[[Chance, int], Values]
    errors: tuple[float, float] = (0.0, 0.0)
    slower: float = 1.0
    more: float = 0.0
    hangs: float = 0.0


NO_DIFFERENCE = (
    World("lognormal", lognormal),
    World("bimodal", bimodal),
    World("quick", quick),
    World("lognormal, 0.1 % errors", lognormal, (0.001, 0.001)),
    World("bimodal, 1 % errors", bimodal, (0.01, 0.01)),
)
WORSE = (
    World("2 % errors", lognormal, (0.0, 0.02)),
    World("5 % errors", lognormal, (0.0, 0.05)),
    World("20 % slower, lognormal", lognormal, slower=1.2),
    World("20 % slower, bimodal", bimodal, slower=1.2),
    World("100 ms slower, quick", quick, more=0.1),
    World("5 % hang for 0.5 s", lognormal, hangs=0.05),
)
HARMLESS = (World("1 ms slower, quick", quick, more=0.001),)
BETWEEN = (
    World("1 % errors", lognormal, (0.0, 0.01)),
    World("10 ms slower, lognormal", lognormal, more=0.01),
)
BORDER = (
    World("1.5 % errors", lognormal, (0.0, 0.015)),
    World("15 ms slower, lognormal", lognormal, more=0.015),
)


@dataclass(frozen=True)
class Sample:
    """One run's requests, in order: which failed, and how long the others took."""

    failed: Values
    seconds: Values

    def until(self, part: float) -> tuple[int, int, list[float]]:
        """Requests, errors and latencies of the first part."""
        count = round(len(self.failed) * part)
        failed = self.failed[:count]
        return count, int(failed.sum()), self.seconds[:count][~failed].tolist()

    def error_rates(self, per_second: int) -> Values:
        """The share of requests that failed, second by second."""
        whole = max(len(self.failed) // per_second, 1)
        return numpy.array([part.mean() for part in numpy.array_split(self.failed, whole)])


def draw(world: World, size: int, chance: Chance) -> tuple[Sample, Sample]:
    """The baseline's requests, two for each of the canary's, and the canary's."""
    base = Sample(chance.random(2 * size) < world.errors[0], world.latency(chance, 2 * size))
    seconds = world.latency(chance, size) * world.slower + world.more
    seconds += numpy.where(chance.random(size) < world.hangs, 0.5, 0.0)
    return base, Sample(chance.random(size) < world.errors[1], seconds)


def ours(baseline: Sample, canary: Sample) -> tuple[str, float]:
    """The answer, and the part of the window that it took."""
    judge = Judge(Limits())
    for look in range(1, LOOKS + 1):
        part = look / LOOKS
        observed = [Observed(*sample.until(part), restarts=0) for sample in (baseline, canary)]
        verdict = judge.look(*observed)
        if verdict.final:
            break
    return verdict.answer, part


def theirs(baseline: Sample, canary: Sample) -> str:
    """Kayenta's answer: "pass" or "fail"."""
    rates = canary.error_rates(PER_SECOND), baseline.error_rates(2 * PER_SECOND)
    # In milliseconds: its root finder stops at 0.0001 of whatever the unit is.
    latencies = [1000 * sample.seconds[~sample.failed] for sample in (canary, baseline)]
    return "fail" if kayenta.is_high(*rates) or kayenta.is_high(*latencies) else "pass"


@dataclass(frozen=True)
class Row:
    """What came of one world and size."""

    world: World
    size: int
    runs: int
    answers: Counter[str]
    window: float
    kayenta_fails: int

    @property
    def markdown(self) -> str:
        """A row of the table, in percent."""
        shares = [self.answers[each] / self.runs for each in ("go", "no-go", "inconclusive")]
        cells = [f"{100 * share:.1f}" for share in (*shares, self.window)]
        fails = self.kayenta_fails / self.runs
        cells += [f"{100 * (1 - fails):.1f}", f"{100 * fails:.1f}"]
        return " | ".join(["", self.world.name, str(self.size), *cells, ""]).strip()


def simulate(case: tuple[World, int], runs: int, seed: int) -> Row:
    """Judge so many canaries of one world; the same seed gives the same figures."""
    world, size = case
    chance = numpy.random.default_rng([seed, size, *world.name.encode()])
    answers: Counter[str] = Counter()
    window, fails = 0.0, 0
    for _ in range(runs):
        samples = draw(world, size, chance)
        answer, part = ours(*samples)
        answers[answer] += 1
        window += part / runs
        fails += theirs(*samples) == "fail"
    return Row(world, size, runs, answers, window, fails)


HEAD = (
    "| canary | requests | go | no-go | inconclusive | window | Kayenta: pass | fail |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|"
)
TABLES = (
    ("No difference: a no-go is false", NO_DIFFERENCE),
    ("A difference that matters to nobody: a no-go is false", HARMLESS),
    ("Worse: a go is false", WORSE),
    ("Worse by two thirds of what matters: no answer is false", BETWEEN),
    ("Worse by just what matters: at most 5 % may go", BORDER),
)


def tables(runs: int, seed: int, processes: int) -> Iterator[str]:
    """The report's lines, in Markdown."""
    with ProcessPoolExecutor(processes) as pool:
        for title, worlds in TABLES:
            cases = [(world, size) for world in worlds for size in SIZES]
            yield f"\n### {title}\n\n{HEAD}"
            for row in pool.map(partial(simulate, runs=runs, seed=seed), cases):
                yield row.markdown


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200, help="canaries in each row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    print(f"{given.runs} canaries a row, seed {given.seed}; all shares in percent.")
    for line in tables(given.runs, given.seed, given.processes):
        print(line, flush=True)


if __name__ == "__main__":
    main()
