"""Whether a pod is still warming up: compilers, caches and connection pools make it faster yet."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_canary.analysis import statistics

# Seconds for which a pod has been ready before its slowness stops it: a runtime that compiles as it
# goes is at four times its own pace after 10 s, and near it after 30.
AGE = 30.0

# A fall in the window that chance makes in one of five is doubt enough to stop nobody.
FALLS = 0.2

WARMS_UP = "it is getting better, as if it were still warming up"


def level_at(age: float, level: float) -> float:
    """The p below which slowness is proven of pods that have been ready for so many seconds."""
    return level if age >= AGE else 0.0


def warms_up(differences: Sequence[float], least: float) -> bool:
    """Whether what the canary is worse by may go by itself.

    Args:
        differences: by how much it is worse, block by block, in their order.
        least: the least difference that matters.

    Returns:
        Whether it was more in the window's first half than in its second, or no longer matters in
        that; and true where nobody can tell.
    """
    half = len(differences) // 2
    if not half:
        return True
    first, last = differences[:half], differences[-half:]
    late = statistics.signed_rank(last, 0.5).value
    return late < least or statistics.rank_sum(first, last) < FALLS
