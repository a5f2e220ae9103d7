"""Where too much was not sent for "none is lost" to say much."""

from collections import Counter

import pytest

from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.gaps import gap, too_many


@pytest.mark.parametrize(
    ("unsent", "due", "wide"),
    [
        (0, 0, False),
        (0, 1000, False),
        # Few are spared, however few there were.
        (1, 1, False),
        (2, 2, False),
        (2, 30, False),
        (3, 3, True),
        (3, 59, True),
        (3, 60, False),
        (50, 1000, False),
        (51, 1000, True),
        (389, 390, True),
    ],
)
def test_a_twentieth_or_two_may_be_missing(unsent: int, due: int, wide: bool) -> None:
    assert too_many(unsent, due) is wide


def test_the_widest_gap_is_told_and_the_others_are_its_evidence() -> None:
    places = {
        ("baseline", ""): Counter({Kind.ANSWERED: 900}),
        ("canary", "deploy"): Counter({Kind.ANSWERED: 90, Kind.LATE: 10}),
        ("stable", "promote"): Counter(
            {Kind.ANSWERED: 1, Kind.CROWDED: 1200, Kind.LATE: 180, Kind.NO_ROOM: 9}
        ),
        ("", ""): Counter({Kind.IN_FLIGHT: 90, Kind.LATE: 1}),
    }
    found = gap(places, 30, lambda: "a load average of 8.0 on 2 cores")
    assert found
    assert found.sentence == (
        "the load generator could not keep up in stable during promote: 1,389 of 1,390 requests "
        "were not sent, so nobody knows whether they would have been lost; lower traffic.rate, "
        "which is 30, or free the machine, which has a load average of 8.0 on 2 cores"
    )
    assert found.evidence.splitlines() == [
        "in canary during deploy, of 100 requests: 10 not sent, as their time had passed",
        "in stable during promote, of 1,390 requests: 1,200 not sent, as too many others awaited "
        "their answers; 180 not sent, as their time had passed; 9 not sent, as this machine had no "
        "port or file descriptor left",
    ]


def test_where_all_was_sent_there_is_no_gap() -> None:
    assert gap({}, 30) is None
    assert gap({("canary", ""): Counter({Kind.ANSWERED: 9, Kind.RESET: 9})}, 30) is None
