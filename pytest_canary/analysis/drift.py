"""A machine that gets slower and slower: how much of a difference in time that explains; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import ndarray

    Column = ndarray[Any, Any]

# The part of a difference that a drift seems to explain before nothing is proven by it: a quarter,
# as in half a minute its pace is known no better.
EXPLAINED = 0.25

# Values that say whether there is one; and the part of them at either end that counts as no further
# out than the next: one that hangs says nothing of a pace.
LEAST = 20
END = 0.02

DRIFTS = (
    "it is still getting slower, as on a machine that has more and more to do, so that nobody can "
    "tell whether the release is"
)


def drifts(
    moments: Column, values: Column, effect: float, since: float, *, sure: float = 1.0
) -> bool:
    """Whether what has grown all along would have come to much of the effect by itself.

    Args:
        moments: when each of the candidate's requests was due, in seconds.
        values: what is more where it is worse, of each.
        effect: by how much the candidate is worse than the baseline was.
        since: seconds from the baseline's middle to the candidate's.
        sure: how many times its standard error the growth has to be.
    """
    import numpy

    if len(values) < LEAST:
        return False
    low, high = numpy.quantile(values, [END, 1 - END])
    clipped, late = numpy.clip(values, low, high), moments - moments.mean()
    slope = float(numpy.dot(late, clipped) / numpy.dot(late, late))
    left = clipped - clipped.mean() - slope * late
    error = float(left.std() / numpy.sqrt(numpy.dot(late, late)))
    return slope >= sure * error and slope * since >= EXPLAINED * effect
