"""Reads and writes apart: they take different times, and fail for different reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.analysis.requests import Requests

# A kind of which there are fewer is told as not compared: it would take the others' time thrice.
LEAST_SHARE = 0.05

# What matters of a kind is never more than this share of it.
MOST = 0.5


@dataclass(frozen=True)
class Kind:
    """Some of the requests.

    Attributes:
        plural: what they are called: "requests", "reads", "writes".
        suffix: of a comparison's name: "", " of reads", " of writes".
        share: of all requests, as a fraction.
        of: those of all requests.
    """

    plural: str
    suffix: str
    share: float
    of: Callable[[Requests], Requests]

    def least(self, matters: float) -> float:
        """The share of these that matters, where so large a share of all requests does."""
        return min(max(MOST, matters), matters / self.share)


ALL = Kind("requests", "", 1.0, lambda requests: requests)


def kinds_of(baseline: Requests, canary: Requests) -> tuple[Kind, ...]:
    """Reads and writes, where both were sent often enough to tell them apart; else none."""
    low, high = sorted((baseline.share_of_writes, canary.share_of_writes))
    if low < LEAST_SHARE or 1 - high < LEAST_SHARE:
        return ()
    reads = Kind("reads", " of reads", 1 - high, lambda each: each.where(~each.write))
    writes = Kind("writes", " of writes", low, lambda each: each.where(each.write))
    return reads, writes


def rare_kind(baseline: Requests, canary: Requests) -> str:
    """Which kind is not told apart as it is too rare, in words; empty where none is."""
    if not (len(baseline) and len(canary)) or kinds_of(baseline, canary):
        return ""
    shares = baseline.share_of_writes, canary.share_of_writes
    if shares in ((0.0, 0.0), (1.0, 1.0)):  # there is one kind
        return ""
    what, part = (
        ("writes", min(shares)) if min(shares) < LEAST_SHARE else ("reads", 1 - max(shares))
    )
    return (
        f"{what} apart: {part * 100:.1f} % of the requests are {what}, and from "
        f"{LEAST_SHARE * 100:.0f} % on they are compared"
    )


def parts_of(baseline: Requests, canary: Requests) -> tuple[Kind, ...]:
    """The same, or all requests as one where they can't be told apart."""
    return kinds_of(baseline, canary) or (ALL,)
