"""How far the rate may rise."""

import pytest

from pytest_canary.traffic.ramp import Load, Ramp

BASE = Load(0.020, 0.002, 0.0)


def ramp(rate: float = 10, most: float = 75, base: Load = BASE) -> Ramp:
    return Ramp(rate, base, 10, most)


def steps(of: Ramp, *loads: Load) -> list[float]:
    """The rates that these bring about."""
    rates = []
    for load in loads:
        of = of.after(load)
        rates.append(round(of.rate, 3))
    return rates


@pytest.mark.parametrize(
    ("now", "sound"),
    [
        (BASE, True),
        # The baseline's median: 1.3 times what it was.
        (Load(0.026, 0.002, 0.0), True),
        (Load(0.0261, 0.002, 0.0), False),
        # The generator's lag: thrice what it was.
        (Load(0.020, 0.006, 0.0), True),
        (Load(0.020, 0.0061, 0.0), False),
        # Nothing may be unsent.
        (Load(0.020, 0.002, 0.001), False),
        (Load(None, 0.0, 0.0), False),
    ],
)
def test_when_both_keep_up(now: Load, sound: bool) -> None:
    assert ramp().sound(now) is sound


@pytest.mark.parametrize(
    ("base", "limit"), [(0.001, 0.006), (0.010, 0.015), (0.020, 0.026), (0.400, 0.520)]
)
def test_a_quick_baseline_may_always_take_some_milliseconds_more(base: float, limit: float) -> None:
    assert ramp(base=Load(base, 0, 0)).limit == pytest.approx(limit)


@pytest.mark.parametrize(("lag", "limit"), [(0.0, 0.005), (0.001, 0.005), (0.02, 0.06)])
def test_a_slow_machine_is_measured_by_its_own_lag(lag: float, limit: float) -> None:
    of = ramp(base=Load(0.02, lag, 0))
    assert of.sound(Load(0.02, limit, 0))
    assert not of.sound(Load(0.02, limit + 0.0001, 0))


SLOW, SLOWER, LESS = Load(0.2, 0.002, 0.0), Load(0.4, 0.002, 0.0), Load(0.1, 0.002, 0.0)


@pytest.mark.parametrize(
    ("rate", "most", "loads", "rates"),
    [
        (10, 75, [BASE] * 7, [15, 22.5, 33.75, 50.625, 75, 75, 75]),
        (10, 12, [BASE] * 2, [12, 12]),
        # Back by one step, and up again: one may be a hiccup.
        (10, 75, [BASE, BASE, SLOW, BASE, BASE], [15, 22.5, 15, 22.5, 33.75]),
        # Two are none: no higher rate is tried again.
        (10, 75, [BASE, BASE, SLOW, BASE, SLOW, BASE, BASE], [15, 22.5, 15, 22.5, 15, 15, 15]),
        # What waits since a rate that was too high is no fault of the next.
        (10, 75, [BASE, BASE, SLOW, SLOWER, LESS, BASE], [15, 22.5, 15, 10, 10, 10]),
        (
            10,
            75,
            [BASE, BASE, BASE, SLOW, LESS, BASE, BASE],
            [15, 22.5, 33.75, 22.5, 22.5, 33.75, 50.625],
        ),
        # It is not stepped back below the first, nor up from there for ever.
        (10, 75, [SLOW, SLOW, BASE, BASE], [10, 10, 10, 10]),
        # Nothing unsent, and it waits where nothing was due.
        (10, 75, [BASE, Load(0.02, 0.002, 0.01)], [15, 10]),
        (10, 75, [BASE, Load(None, 0.0, 0.0), BASE], [15, 15, 22.5]),
        # A generator that stands still has sent nothing, and is late.
        (10, 75, [BASE, Load(None, 0.4, 0.0)], [15, 10]),
        (10, 75, [BASE, Load(None, 0.0, 1.0)], [15, 10]),
    ],
)
def test_the_rates_that_come_of_it(
    rate: float, most: float, loads: list[Load], rates: list[float]
) -> None:
    assert steps(Ramp.begin(rate, most, BASE), *loads) == pytest.approx(rates, abs=0.001)


@pytest.mark.parametrize(
    ("alone", "limit"),
    [(None, 0.520), (0.5, 0.520), (0.020, 1.3 * 0.026), (0.004, 0.014)],
)
def test_a_machine_that_was_busy_when_it_began_is_no_measure(
    alone: float | None, limit: float
) -> None:
    """What it starts there, it starts for the canary: nothing of that goes on for long."""
    of = Ramp.begin(10, 75, Load(0.400, 0.002, 0.0), alone)
    assert of.limit == pytest.approx(limit)
    assert Ramp.begin(10, 75, Load(None, 0.4, 0.0), alone).base.median is None


def test_what_the_load_alone_makes_slow_is_known() -> None:
    of = ramp()
    strained = []
    for load in [BASE, BASE, SLOW, SLOWER, LESS, BASE, SLOW, SLOW]:
        strained.append(of.strains(load))
        of = of.after(load)
    # What waits is worked off at the first rate too; but what is slow there by itself is.
    assert strained == [False, False, True, True, True, False, False, False]
    assert not of.strains(Load(None, 0.0, 0.0))
    # Nor is it for the load where it is slow there now more and now less.
    assert not of.strains(LESS)


def test_where_the_first_rate_tells_nothing_it_stays() -> None:
    assert steps(Ramp.begin(10, 75, Load(None, 0, 0)), BASE, BASE) == [10, 10]


def test_no_rate_is_above_the_most_not_even_the_first() -> None:
    of = Ramp.begin(10, 4, BASE)
    assert (of.rate, *steps(of, BASE, SLOW, BASE)) == (4, 4, 4, 4)
