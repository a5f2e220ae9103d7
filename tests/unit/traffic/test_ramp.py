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


SLOW = Load(0.2, 0.002, 0.0)


@pytest.mark.parametrize(
    ("rate", "most", "loads", "rates"),
    [
        (10, 75, [BASE] * 7, [15, 22.5, 33.75, 50.625, 75, 75, 75]),
        (10, 12, [BASE] * 2, [12, 12]),
        # Back by one step, and up again: one may be a hiccup.
        (10, 75, [BASE, BASE, SLOW, BASE, BASE], [15, 22.5, 15, 22.5, 33.75]),
        # Two are none: no higher rate is tried again.
        (10, 75, [BASE, BASE, SLOW, BASE, SLOW, BASE, BASE], [15, 22.5, 15, 22.5, 15, 15, 15]),
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


def test_where_the_first_rate_tells_nothing_it_stays() -> None:
    assert steps(Ramp.begin(10, 75, Load(None, 0, 0)), BASE, BASE) == [10, 10]


def test_no_rate_is_above_the_most_not_even_the_first() -> None:
    of = Ramp.begin(10, 4, BASE)
    assert (of.rate, *steps(of, BASE, SLOW, BASE)) == (4, 4, 4, 4)
