"""Ledgers, and what requests in them came to."""

from __future__ import annotations

from dataclasses import replace

from pytest_canary.config.api_settings import Request
from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.ledger import Ledger, RequestOutcome
from pytest_canary.traffic.pace import Pace
from pytest_canary.traffic.schedule import Schedule

WRITE = Request(method="PUT", path="/person")
READ = Request(method="GET", path="/all")


def ledger(rate: float = 10, share: float = 0.5, limit: float = 1) -> Ledger:
    """An empty one, of reads and writes."""
    return Ledger(Schedule(Pace(rate), share, "canary0123456789ab", WRITE, READ), limit)


def of_tracks(rate: float = 10, share: float = 0.5) -> Ledger:
    """Each pair to both of two."""
    plan = replace(ledger(rate, share).schedule, targets=2, thinned=False)
    return Ledger(plan, 1, ("stable", "canary"))


def filled(book: Ledger, *outcomes: tuple[RequestOutcome, float]) -> Ledger:
    """The ledger, with a request for each outcome, and the seconds that it took."""
    for outcome, seconds in outcomes:
        number = book.open()
        book.note_sent(number, 0.001)
        book.close(number, outcome, seconds)
    return book


def good(version: str = "1", pod: str = "web-1") -> RequestOutcome:
    """An answer as promised."""
    return RequestOutcome(Kind.ANSWERED, 200, version, pod)
