"""How often the verdict is right: simulated canaries, judged by pytest-canary and by Kayenta.

    python benchmarks/verdict.py [--runs N] [--seed N] [--only WORDS] > table.md

Ours is the real schedule, ledger and judge on a simulated clock, with the default settings and a
rate that rises as it does where nothing holds it up. Kayenta's judges once, at the window's end.
What it is fed is generous: every latency, where it is usually given one point a minute; and the
error rate of each second.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from pathlib import Path

import numpy

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import kayenta  # noqa: E402
import turns  # noqa: E402
from rows import Row  # noqa: E402
from worlds import (  # noqa: E402
    BETWEEN,
    BORDER,
    BUSIER,
    EQUAL,
    HARMED,
    HARMLESS,
    SOMEWHAT,
    TURNS_BORDER,
    TURNS_EQUAL,
    TURNS_WORSE,
    WORSE,
    Values,
    World,
)

from pytest_canary.analysis.comparison import Observed  # noqa: E402
from pytest_canary.analysis.judge import Judge  # noqa: E402
from pytest_canary.analysis.reference import Reference, Sample  # noqa: E402
from pytest_canary.analysis.requests import Requests  # noqa: E402
from pytest_canary.config import verdict_rate  # noqa: E402
from pytest_canary.config.api_settings import ApiSettings  # noqa: E402
from pytest_canary.config.settings import TrafficSettings, VerdictSettings  # noqa: E402
from pytest_canary.sides.alone import SECONDS, WRITES  # noqa: E402
from pytest_canary.sides.asked import requests_of  # noqa: E402
from pytest_canary.sides.measurement import settling_time  # noqa: E402
from pytest_canary.traffic.exchange import Kind  # noqa: E402
from pytest_canary.traffic.generator import BOUNDS, crowd  # noqa: E402
from pytest_canary.traffic.ledger import Ledger, RequestOutcome  # noqa: E402
from pytest_canary.traffic.pace import Pace  # noqa: E402
from pytest_canary.traffic.ramp import Load, Ramp  # noqa: E402
from pytest_canary.traffic.schedule import Schedule  # noqa: E402

TRAFFIC, LIMITS = TrafficSettings(), VerdictSettings()

# Seconds between two looks whether to look.
TICK = 0.25

# Requests to either that await their answers at a time, where a process may open 1,024 files.
CROWD = crowd(1024, BOUNDS.crowd) // 2

# Seconds of the Service's traffic before the canary, and how many rows there are when it comes and
# when the verdict begins.
PUBLIC = 5.0
CAME, BEGAN = 40, 120


def schedule() -> Schedule:
    """What is due in the window, to the baseline and to the canary."""
    sound = Load(0.01, 0.0, 0.0)
    ramp, at = Ramp.begin(TRAFFIC.rate / 2, LIMITS.rate, sound), verdict_rate.SECONDS
    pace = Pace(ramp.rate)
    while ramp.rate < LIMITS.rate:
        ramp = ramp.after(sound)
        pace.change(at, ramp.rate)
        at += verdict_rate.SECONDS
    api = ApiSettings()
    return Schedule(pace, TRAFFIC.writes, "x", api.write, api.read, targets=2, thinned=False)


@dataclass
class Answers:
    """What becomes of every request of the window, by its number."""

    due: Values
    write: Values
    target: Values
    seconds: Values
    failed: Values


def draw(world: World, plan: Schedule, chance: numpy.random.Generator) -> Answers:
    """One canary's window."""
    numbers = plan.numbers(0.0, LIMITS.seconds)
    due = numpy.array([plan.due(number) for number in numbers])
    write = numpy.array([plan.is_write(number) for number in numbers])
    target = numpy.array([plan.target(number) for number in numbers])
    seconds, failed = numpy.zeros(len(due)), numpy.zeros(len(due), bool)
    # Sixty seconds: the baseline has long been warm.
    for at, (track, age) in enumerate(((world.baseline, 60.0), (world.canary, world.age))):
        mine = target == at
        seconds[mine], failed[mine] = track.answer(chance, due[mine], write[mine], age, BEGAN)
    return Answers(due, write, target, seconds, failed)


def draw_reference(world: World, chance: numpy.random.Generator) -> Reference:
    """The baseline before the canary came: alone at its own address, and behind the Service."""

    def sample(rate: float, seconds: float, writes: float, rows: float) -> Sample:
        due = numpy.arange(0, seconds, 1 / rate)
        turns = numpy.arange(len(due) + 1) * writes
        write = numpy.diff(turns.astype(int)) > 0
        took, failed = world.past.answer(chance, due, write, 30.0, rows)
        return Sample(Requests.of(due, took, failed, (), write), rows + write.sum() / 2)

    alone = sample(TRAFFIC.rate / 2, SECONDS, WRITES, CAME / 2)
    public = sample(TRAFFIC.rate, PUBLIC, TRAFFIC.writes, CAME / 2)
    return Reference((alone, replace(public, rows=CAME / 2)), TRAFFIC.slow)


def ours(world: World, plan: Schedule, drawn: Answers, reference: Reference) -> tuple[str, float]:
    """The answer, and the seconds that it took."""
    ledger, judge = Ledger(plan, TRAFFIC.slow, ("stable", "canary")), Judge(LIMITS)
    ends = drawn.due + drawn.seconds
    awaited: tuple[list[tuple[float, int]], ...] = [], []
    opened = 0
    now = 0.0

    def answer(awaited: list[tuple[float, int]], until: float) -> None:
        while awaited and awaited[0][0] <= until:
            _, number = heappop(awaited)
            kind = Kind.SERVER_ERROR if drawn.failed[number] else Kind.ANSWERED
            ledger.close(number, RequestOutcome(kind, 200), float(drawn.seconds[number]))

    while True:
        now += TICK
        while opened < len(drawn.due) and drawn.due[opened] <= now:
            mine = awaited[int(drawn.target[opened])]
            answer(mine, drawn.due[opened])
            if len(mine) < CROWD:
                ledger.open()
                heappush(mine, (float(ends[opened]), opened))
            else:
                ledger.open(Kind.CROWDED)
            opened += 1
        for mine in awaited:
            answer(mine, now)

        def asked(begin: float, end: float, at: float = now) -> tuple[Requests, Requests]:
            columns = ledger.columns(ledger.window(begin, end), at)
            return requests_of(columns["stable"]), requests_of(columns["canary"])

        # As in a walk, requests are looked at one by one only where a look may be due.
        passed = min(now / LIMITS.seconds, 1.0)
        if not judge.due(passed, opened, opened):
            continue
        recent, _ = asked(max(0.0, now - 4 * TRAFFIC.slow), now)
        until = now - settling_time(recent, TRAFFIC.slow)
        # Of what is due, each version gets a half.
        count = len(ledger.window(0.0, until)) // 2
        if not judge.due(passed, count, count):
            continue
        baseline, canary = asked(0.0, until)
        verdict = judge.look(
            passed,
            Observed(
                requests=baseline,
                restarts=0,
                before=reference,
                rows=BEGAN + int(drawn.write[:opened].sum()) if world.baseline.per_row else 0,
            ),
            Observed(requests=canary, restarts=0, age=world.age + now),
        )
        if verdict.final:
            return verdict.answer, now


def theirs(drawn: Answers) -> str:
    """Kayenta's answer: "pass" or "fail"."""
    whole = int(LIMITS.seconds)
    rates, latencies = [], []
    for at in (1, 0):
        mine = drawn.target == at
        failed, seconds = drawn.failed[mine], drawn.seconds[mine]
        second = numpy.minimum(drawn.due[mine].astype(int), whole - 1)
        hits = numpy.bincount(second, weights=failed, minlength=whole)
        rates.append(hits / numpy.maximum(numpy.bincount(second, minlength=whole), 1))
        # In milliseconds: its root finder stops at 0.0001 of whatever the unit is.
        latencies.append(1000 * seconds[~failed])
    return "fail" if kayenta.is_high(*rates) or kayenta.is_high(*latencies) else "pass"


def simulate(world: World, runs: int, seed: int) -> Row:
    """Judge so many canaries of one world; the same seed gives the same figures."""
    chance, plan = numpy.random.default_rng([seed, *world.name.encode()]), schedule()
    came, fails = [], 0
    for _ in range(runs):
        drawn = draw(world, plan, chance)
        came.append(ours(world, plan, drawn, draw_reference(world, chance)))
        fails += theirs(drawn) == "fail"
    return Row.of(world, came, fails)


HEAD = (
    "| canary | go | no-go | inconclusive | s to go | s to no-go | Kayenta: pass | fail |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|"
)
TABLES = (
    ("No difference: a no-go is false", EQUAL),
    ("A difference that matters to nobody: a no-go is false", HARMLESS),
    ("Worse: a go is false", WORSE),
    ("Worse by two thirds of what matters: no answer is false", BETWEEN),
    ("Both busier than the baseline was, or with more rows: a no-go is false", BUSIER),
    ("Both somewhat slower than the baseline was: no answer is false", SOMEWHAT),
    ("Both worse than the baseline was: a go is false", HARMED),
    ("Worse by just what matters: at most 5 % may go", BORDER),
)

TURNS = (
    ("One after the other, no difference: a no-go is false", TURNS_EQUAL),
    ("One after the other, worse: a go is false", TURNS_WORSE),
    ("One after the other, worse by just what matters: at most 5 % may go", TURNS_BORDER),
)


def tables(runs: int, seed: int, processes: int, only: str = "") -> Iterator[str | Row]:
    """The report's lines, in Markdown, and its rows."""
    with ProcessPoolExecutor(processes) as pool:
        for title, worlds in TABLES:
            chosen = [world for world in worlds if only in world.name]
            if chosen:
                yield f"\n### {title}\n\n{HEAD}"
                yield from pool.map(partial(simulate, runs=runs, seed=seed), chosen)
        for title, in_turn in TURNS:
            named = [world for world in in_turn if only in world.name]
            if named:
                yield f"\n### {title}\n\n{turns.HEAD}"
                yield from pool.map(partial(turns.simulate, runs=runs, seed=seed), named)


def main() -> None:
    """Print the tables, and fail where a bound is broken by more than chance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200, help="canaries in each row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="the worlds whose names have these words")
    given = parser.parse_args()
    print(f"{given.runs} canaries a row, seed {given.seed}; all shares in percent.")
    broken = []
    for line in tables(given.runs, given.seed, given.processes, given.only):
        print(line.markdown if isinstance(line, Row) else line, flush=True)
        if isinstance(line, Row) and line.broken:
            broken.append(line.broken)
    if broken:
        sys.exit("\n".join(["", "what a verdict has to hold is broken:", *broken]))


if __name__ == "__main__":
    main()
