"""What the verdict is measured against, and that the measuring works."""

import sys
from collections import Counter

import kayenta
import numpy
import pytest
import verdict
import worlds
from rows import Row


@pytest.mark.parametrize(
    ("canary", "baseline", "high"),
    [
        ([20, 21, 22, 23, 24], [1, 2, 3, 4, 5], True),
        ([1, 2, 3, 4, 5], [20, 21, 22, 23, 24], False),
        # The interval starts at 5, which is less than 0.25 of the shift, 27.
        ([10, 20, 30, 40, 50], [1, 2, 3, 4, 5], False),
        ([10, 20, 30, 40, 50], [10, 20, 30, 40, 50], False),
        ([1, 1, 1, 1, 1], [0, 0, 0, 0, 0], True),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], False),
        ([1, 1], [1, 1, 1], False),
        ([], [1, 2, 3], False),
        ([1, 2, 3], [], False),
        ([5, 6, 7, 8], [5.1, 6.2, 6.9, 7.9], False),
    ],
)
def test_kayentas_rule(canary: list[float], baseline: list[float], high: bool) -> None:
    assert kayenta.is_high(numpy.array(canary, float), numpy.array(baseline, float)) is high


def test_kayentas_shift_is_hodges_and_lehmanns() -> None:
    chance = numpy.random.default_rng(24)
    x, y = chance.lognormal(0, 1, 80) + 1, chance.lognormal(0, 1, 120)
    pairs = numpy.subtract.outer(x, y).ravel()
    assert kayenta.root(x, y, 0.0) == pytest.approx(numpy.median(pairs), abs=0.01)


def test_a_simulation_is_repeated_by_its_seed() -> None:
    (world,) = (each for each in worlds.WORSE if each.name == "5 % errors")
    one, other = (verdict.simulate(world, 2, 1) for _ in range(2))
    assert one == other
    assert one.answers == {"no-go": 2}
    assert one.markdown.startswith("| 5 % errors | 0.0 | 100.0 | 0.0 |  | ")


def test_the_rate_rises_to_the_settings_own() -> None:
    plan = verdict.schedule()
    each = len(plan.numbers(10, 20)) / 2
    assert each == pytest.approx(10 * verdict.LIMITS.rate, abs=1)
    assert len(plan.numbers(0, 1)) / 2 == pytest.approx(15 * 1.25, abs=1)


@pytest.mark.parametrize(
    ("world", "answer"), [(worlds.BUSIER[1], "go"), (worlds.HARMED[0], "no-go")]
)
def test_a_simulated_baseline_has_a_past(world: worlds.World, answer: str) -> None:
    assert verdict.simulate(world, 1, 1).answers == {answer: 1}


@pytest.mark.parametrize(
    "world",
    [*worlds.BUSIER, *worlds.SOMEWHAT, *worlds.HARMED],
    ids=lambda world: world.name,
)
def test_both_are_alike_and_otherwise_than_the_baseline_was(world: worlds.World) -> None:
    assert world.canary == world.baseline
    chance = numpy.random.default_rng(26)
    due = numpy.arange(0, 400, 1 / 75)
    write = numpy.arange(len(due)) % 10 == 0
    (past, failing), (now, failed) = (
        track.answer(chance, due, write, 1000) for track in (world.past, world.baseline)
    )
    worse = now.mean() / past.mean() > 1.05 or failed.mean() > failing.mean() + 0.01
    assert worse or world.baseline.per_row


@pytest.mark.parametrize(
    "world",
    [*worlds.EQUAL, *worlds.HARMLESS, *worlds.BETWEEN, *worlds.BORDER, *worlds.WORSE],
    ids=lambda world: world.name,
)
def test_the_simulated_worlds_are_what_their_names_say(world: worlds.World) -> None:
    chance = numpy.random.default_rng(7)
    due = numpy.arange(0, 400, 1 / 75)
    write = numpy.arange(len(due)) % 10 == 0
    # Old: nobody starts slowly any more.
    (base, failing), (its, failed) = (
        track.answer(chance, due, write, 1000) for track in (world.baseline, world.canary)
    )
    differ = [
        failed.mean() - failing.mean() > 0.004,
        numpy.median(its) / numpy.median(base) > 1.05,
        *(
            (its > slow).mean() - (base > slow).mean() > least
            for slow, least in ((0.055, 0.02), (1, 0.02), (2.1, 0.001))
        ),
    ]
    assert any(differ) is (world not in worlds.EQUAL)


def came(world: worlds.World, **answers: int) -> Row:
    """A row in which these were given so often; dashes are underscores."""
    return Row(
        world, Counter({each.replace("_", "-"): times for each, times in answers.items()}), {}
    )


def named(name: str) -> worlds.World:
    """One of the worse worlds."""
    return next(each for each in worlds.WORSE if each.name == name)


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        (came(worlds.EQUAL[0], go=178, no_go=22), "lognormal: 22 of 200 are no-go, and 5 % are a"),
        (came(worlds.EQUAL[0], go=182, no_go=18), ""),  # p = 0.014: of 1,000 rows, some are so
        (came(worlds.BUSIER[0], go=0, no_go=200), "10 % slower than before, lognormal: 200 of"),
        (came(worlds.BORDER[0], go=22, no_go=178), "1.5 % errors: 22 of 200 are go, and 5 % are "),
        (came(worlds.BORDER[0], go=0, inconclusive=200), ""),
        (came(worlds.HARMED[0], go=22, no_go=178), "500 times slower than before, two kinds: 22"),
        (came(worlds.TURNS_EQUAL[0], no_go=22, go=178), "in turn: lognormal: 22 of 200 are no-go"),
        (came(worlds.TURNS_WORSE[0], go=22, no_go=178), "in turn: 2 % errors: 22 of 200 are go, "),
        (came(named("2 % errors"), no_go=150, inconclusive=50), "2 % errors: 150 of 200 are no-go"),
        (came(named("2 % errors"), no_go=165, inconclusive=35), ""),
        (came(named("5 % errors"), no_go=190, inconclusive=10), "5 % errors: 190 of 200 are no-go"),
        (came(named("20 % slower"), inconclusive=200), ""),
        (came(named("errors for 1 s every 20 s"), go=112, inconclusive=88), ""),
        (came(worlds.BETWEEN[0], go=100, no_go=100), ""),
    ],
)
def test_a_bound_that_is_broken_by_more_than_chance_is_told(row: Row, broken: str) -> None:
    assert row.broken.startswith(broken)
    assert bool(row.broken) is bool(broken)


def test_a_simulation_that_breaks_one_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A judge who stops everybody.
    monkeypatch.setattr(verdict, "TABLES", (("No difference", worlds.EQUAL[:1]),))
    monkeypatch.setattr(verdict, "TURNS", ())
    monkeypatch.setattr(verdict, "simulate", stops)
    monkeypatch.setattr(sys, "argv", ["verdict.py", "--runs", "8", "--processes", "1"])
    with pytest.raises(SystemExit, match=r"\nlognormal: 8 of 8 are no-go, and 5 % are allowed$"):
        verdict.main()
    assert capsys.readouterr().out.endswith(
        "| lognormal | 0.0 | 100.0 | 0.0 |  | 2.0 | 0.0 | 100.0 |\n"
    )


def stops(world: worlds.World, runs: int, seed: int) -> Row:
    assert seed == 1
    return Row(world, Counter({"no-go": runs}), {"no-go": [2.0] * runs}, runs)
