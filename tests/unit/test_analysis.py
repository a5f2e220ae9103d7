"""The share of connections, against known values and by simulation."""

import random

import pytest

from pytest_canary.analysis import CONFIDENCE, Share, share


# Wilson's score interval: Newcombe 1998, table I; the confidence is 95 %.
@pytest.mark.parametrize(
    ("hits", "connections", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(hits: int, connections: int, low: float, high: float) -> None:
    found = share(hits, connections, 0.95)
    assert found.value == hits / connections
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize("connections", [0, -1])
def test_no_connection_is_no_share(connections: int) -> None:
    with pytest.raises(ValueError, match="no connection, no share"):
        share(0, connections)


def test_a_share_is_told_in_percent() -> None:
    assert share(102, 300).text == "34 % of connections (26 to 43)"


@pytest.mark.parametrize(
    ("expected", "holds"), [(0.2, True), (0.3, True), (0.4, True), (0.19, False), (0.41, False)]
)
def test_a_share_holds_what_lies_in_its_interval(expected: float, holds: bool) -> None:
    assert Share(0.3, 0.2, 0.4).holds(expected) is holds


def test_a_canary_that_gets_nothing_or_everything_is_not_a_third() -> None:
    assert not share(0, 300).holds(1 / 3)
    assert not share(300, 300).holds(1 / 3)
    assert not share(150, 300).holds(1 / 3)


def test_few_connections_prove_little() -> None:
    assert share(0, 20).holds(1 / 3)
    assert not share(0, 25).holds(1 / 3)


def test_an_honest_split_is_called_wrong_about_as_often_as_promised() -> None:
    chance = random.Random(20)
    trials, wrong = 4000, 0
    verdicts: dict[int, bool] = {}
    for _ in range(trials):
        hits = chance.choices((1, 0, 0), k=300).count(1)
        if hits not in verdicts:
            verdicts[hits] = share(hits, 300).holds(1 / 3)
        wrong += not verdicts[hits]
    # Promised are 4 in 4000; 12 would be four standard deviations off.
    assert wrong < 3 * trials * (1 - CONFIDENCE)


def test_a_lopsided_split_is_found_almost_always() -> None:
    chance = random.Random(21)
    missed = sum(
        share(chance.choices((1, 0), k=300).count(1), 300).holds(1 / 3) for _ in range(300)
    )
    assert missed < 3
