"""How a verdict goes where the baseline is asked first, and the candidate after the update."""

from __future__ import annotations

import numpy
from rows import Row
from worlds import Track, Values, World

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.judge import Judge
from pytest_canary.analysis.requests import Requests
from pytest_canary.analysis.steadiness import unsteadiness
from pytest_canary.config.settings import TrafficSettings, VerdictSettings
from pytest_canary.sides.in_turn import PERIOD, PERIODS
from pytest_canary.sides.measurement import settling_time

TRAFFIC, LIMITS = TrafficSettings(), VerdictSettings()

# Seconds from the baseline's last request to the candidate's first; and between two looks.
UPDATE = 20.0
TICK = 0.25

HEAD = "| world | go | no-go | inconclusive | s to go | s to no-go |\n|---|--:|--:|--:|--:|--:|"


def asked(
    world: World,
    track: Track,
    chance: numpy.random.Generator,
    begin: float,
    span: float,
    age: float,
) -> Requests:
    """What becomes of the requests of a span, all of them answered in the end."""
    due = numpy.arange(0, span, 1 / LIMITS.rate)
    write = numpy.diff((numpy.arange(len(due) + 1) * TRAFFIC.writes).astype(int)) > 0
    seconds, failed = track.answer(chance, due, write, age)
    drifted = seconds * (1 + world.drift * (begin + due))
    return Requests.of(begin + due, drifted, failed, (), write)


def by(requests: Requests, begin: float, until: float, now: float) -> Requests:
    """Those that were due in a stretch, as they are known by now."""
    mine = requests.where((requests.due >= begin) & (requests.due < until))
    waiting = mine.due + mine.seconds > now
    seconds: Values = numpy.where(waiting, now - mine.due, mine.seconds)
    return Requests.of(mine.due, seconds, mine.failed & ~waiting, waiting, mine.write)


def reference(world: World, chance: numpy.random.Generator) -> tuple[Requests, str]:
    """The baseline's last two periods, and what has changed from the one to the other."""
    whole = asked(world, world.baseline, chance, 0.0, PERIOD * PERIODS, world.aged)
    why = ""
    for last in range(2, PERIODS + 1):
        moments = [PERIOD * each for each in (last - 2, last - 1, last)]
        now = moments[-1]
        first, second = (by(whole, moments[at], moments[at + 1], now) for at in (0, 1))
        why = unsteadiness(first, second, LIMITS)
        if not why:
            break
    return whole.where((whole.due >= moments[0]) & (whole.due < now)), why


def judged(world: World, chance: numpy.random.Generator) -> tuple[str, float]:
    """The answer, and the seconds that it took from the candidate's first request on."""
    before, unsteady = reference(world, chance)
    if unsteady:
        return "inconclusive", 0.0
    began = float(before.due[-1]) + UPDATE
    whole = asked(world, world.canary, chance, began, LIMITS.seconds + 1, world.age)
    judge, late = Judge(LIMITS, in_turn=True), settling_time(before, TRAFFIC.slow)
    now = 0.0
    while True:
        now += TICK
        passed = min(now / LIMITS.seconds, 1.0)
        most = int(now * LIMITS.rate) + 1
        if not judge.due(passed, most, most):
            continue
        seen = by(whole, began, began + now - late, began + now)
        if not judge.due(passed, len(before), len(seen)):
            continue
        age = world.age + now
        verdict = judge.look(passed, Observed(before, 0), Observed(seen, 0, age=age))
        if verdict.final:
            return verdict.answer, now


def simulate(world: World, runs: int, seed: int) -> Row:
    """Judge so many candidates of one world; the same seed gives the same figures."""
    chance = numpy.random.default_rng([seed, *world.name.encode()])
    return Row.of(world, (judged(world, chance) for _ in range(runs)))
