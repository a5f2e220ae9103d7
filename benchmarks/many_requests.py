"""What a walk makes of its requests in the end, and how long that takes.

    python benchmarks/many_requests.py NUMBER

Prints seconds: of the losses, the counts by stage and version, and the report's series.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pytest_canary.config.api_settings import Request
from pytest_canary.reporting.bounds import BINS
from pytest_canary.traffic.exchange import LOST, Kind
from pytest_canary.traffic.ledger import Ledger, Phase, RequestOutcome
from pytest_canary.traffic.pace import Pace
from pytest_canary.traffic.schedule import Schedule

WRITE = Request(method="PUT", path="/person")
READ = Request(method="GET", path="/all")
STAGES = ("baseline", "canary", "migration", "verdict", "stable", "rollback")
RATE = 50


def ledger(number: int) -> Ledger:
    """So many requests to two versions on three pods, one in a thousand lost."""
    book = Ledger(Schedule(Pace(RATE), 0.5, "canary0123456789ab", WRITE, READ), 1)
    part = number / RATE / len(STAGES)
    book.entered += [Phase(at * part, stage, "") for at, stage in enumerate(STAGES)]
    good = [
        RequestOutcome(Kind.ANSWERED, 200, str(at % 2 + 1), f"shop-{at % 3}") for at in range(6)
    ]
    bad = RequestOutcome(Kind.RESET, text="Connection reset by peer")
    for at in range(number):
        book.close(book.open(), good[at % 6] if at % 1000 else bad, 0.004 + at % 97 / 1e4)
    return book


def main() -> None:
    """Print the seconds."""
    book = ledger(int(sys.argv[1]))
    began = time.monotonic()
    width = max(1.0, len(book) / RATE / BINS)
    for number in book.of_kinds(*LOST):
        book.exchange(number)
    for numbers in book.transitions().values():
        book.summary(numbers)
    book.series(width)
    book.lags()
    print(f"{time.monotonic() - began:.3f}")


if __name__ == "__main__":
    main()
