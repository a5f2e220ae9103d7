"""Whether a pod is still warming up: compilers, caches and connection pools make it faster yet."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_canary.analysis import statistics

# Seconds for which a pod has been ready before its slowness stops it: a runtime that compiles as it
# goes is at four times its own pace after 10 s, and near it after 30.
AGE = 30.0

# A fall in the window that chance makes in one of five is doubt enough to stop nobody.
FALLS = 0.2

# What falls by chance once in a hundred looks has fallen.
FALLEN = 0.01

# It may have fallen in any of these parts of the time in which it can be cold.
PARTS = (1, 2, 4)

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
    late = statistics.signed_rank(differences[-half:], 0.5).value
    return late < least or _fall(differences, FALLS)


def gets_faster(canary: Sequence[float], baseline: Sequence[float], level: float = FALLS) -> bool:
    """Whether the canary's answers have got faster and the baseline's, on the same machine, not.

    It is seen sooner than by the difference, which is as uncertain as both of them together.

    Args:
        canary: its latencies, block by block, in their order.
        baseline: the baseline's, of the same blocks.
        level: how seldom chance makes such a fall.
    """
    return _fall(canary, level) and not _fall(baseline, FALLS)


def cold_blocks(differences: Sequence[float], latencies: Sequence[float], young: int) -> int:
    """How many of the first blocks are a cold start, and no part of the canary's own pace.

    One is seen where the canary's answers got so much faster, by themselves and against the
    baseline's at the same moments, that chance hardly does it. It lasts until they no longer do, or
    until the pod is no longer young; and never longer than half of what is left to compare, so that
    no lucky stretch is picked out. What gets slower again later was not cold, but comes and goes.

    Args:
        differences: by how much the canary is slower, block by block, in their order.
        latencies: the canary's own, of the same blocks.
        young: how many of these its pod was young in.
    """
    most = min(young, len(differences) // 3)
    if not (_begins_slower(differences, most, FALLEN) and _begins_slower(latencies, most, FALLS)):
        return 0
    rests = ((each, differences[each:]) for each in range(1, most))
    cold = next(
        (each for each, rest in rests if not _begins_slower(rest, len(rest) // 2, FALLS)), most
    )
    again = differences[cold:][::-1]
    return 0 if _begins_slower(again, len(again) // 2, FALLS) else cold


def _begins_slower(seconds: Sequence[float], most: int, level: float) -> bool:
    """Whether the first are more than those after them, in any part of so many at most."""
    return any(
        statistics.rank_sum(seconds[:length], seconds[length:]) < level / len(PARTS)
        for part in PARTS
        if (length := most // part) > 0
    )


def _fall(values: Sequence[float], level: float) -> bool:
    """Whether they are more in their first half than in their second, hardly by chance."""
    half = len(values) // 2
    return half > 0 and statistics.rank_sum(values[:half], values[-half:]) < level
