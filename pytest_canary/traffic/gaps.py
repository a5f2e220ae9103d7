"""Where in the walk too many requests were not sent for the others to tell that none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from pytest_canary.core.errors import TrafficError
from pytest_canary.core.machine import busy_with
from pytest_canary.traffic.exchange import NOT_SENT, Kind, place

# An outage of a twentieth of a transition would go unseen.
SHARE = 0.05

# A machine that stalls for a moment longer than a request may be late misses one or two, and in a
# place of a dozen requests they are more than their share; the others tell of the same moment.
SPARED = 2

REASONS = {
    Kind.CROWDED: "not sent, as too many others awaited their answers",
    Kind.LATE: "not sent, as their time had passed",
    Kind.NO_ROOM: "not sent, as this machine had no port or file descriptor left",
}


def too_many(unsent: int, due: int) -> bool:
    """Whether so many unsent ones of those that were due leave a gap."""
    return unsent > max(SPARED, SHARE * due)


def gap(
    places: Mapping[tuple[str, str], Counter[Kind]],
    rate: float,
    busy_with: Callable[[], str] = busy_with,
) -> TrafficError | None:
    """What is wrong where there is a gap, told of the widest; None where there is none.

    Args:
        places: what came of the requests, by stage and transition.
        rate: traffic.rate.
        busy_with: tells what else this machine does.
    """
    unsent = {where: sum(kinds[kind] for kind in NOT_SENT) for where, kinds in places.items()}
    wide = [where for where in places if too_many(unsent[where], places[where].total())]
    if not wide:
        return None
    worst = max(wide, key=lambda where: unsent[where])
    return TrafficError(
        f"the load generator could not keep up {place(*worst)}: {unsent[worst]:,} of "
        f"{places[worst].total():,} requests were not sent, so nobody knows whether they would "
        f"have been lost; lower traffic.rate, which is {rate:g}, or free the machine, which has "
        f"{busy_with()}",
        "\n".join(_line(where, places[where]) for where in wide),
    )


def _line(where: tuple[str, str], kinds: Counter[Kind]) -> str:
    told = [f"{kinds[kind]:,} {REASONS[kind]}" for kind in sorted(NOT_SENT) if kinds[kind]]
    return f"{place(*where)}, of {kinds.total():,} requests: {'; '.join(told)}"
