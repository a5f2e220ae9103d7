"""What looks at pods have told of their memory, as figures that can be compared; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from pytest_canary.analysis.memory import Memory, Reading

# A moment and bytes.
Held = tuple[float, float]


@dataclass(frozen=True)
class MemoryLook:
    """What one look told of each pod, by its name.

    Attributes:
        at: the moment, by the watch's clock.
        pods: who was asked.
        resident: bytes, as the pods' own pages tell.
        counted: bytes, as their node's kernel counts them.
        working: seconds since the epoch and bytes, as the kubelets tell.
    """

    at: float
    pods: Collection[str]
    resident: Mapping[str, float]
    counted: Mapping[str, float]
    working: Mapping[str, Held]


MemoryMeasure = Callable[[MemoryLook, Sequence[str]], Held | None]
"""What a look told of some pods, on average; None where not of all of them."""


def resident_set(look: MemoryLook, names: Sequence[str]) -> Held | None:
    """What the pods' own pages told."""
    return _average(look.at, look.resident, names)


def counted_memory(look: MemoryLook, names: Sequence[str]) -> Held | None:
    """What the kernel of their node told."""
    return _average(look.at, look.counted, names)


def working_set(look: MemoryLook, names: Sequence[str]) -> Held | None:
    """What their kubelets told; the moment is the latest of theirs, since the epoch."""
    if not (names and all(name in look.working for name in names)):
        return None
    told = [look.working[name] for name in names]
    return max(at for at, _ in told), sum(held for _, held in told) / len(told)


def _average(at: float, held: Mapping[str, float], names: Sequence[str]) -> Held | None:
    if not (names and all(name in held for name in names)):
        return None
    return at, sum(held[name] for name in names) / len(names)


def memory_of(
    held: Sequence[Held],
    own: Sequence[float],
    pods: int,
    shared: Sequence[float],
    ready: int,
    limit: float | None = None,
) -> Memory:
    """What a pod held, with how many requests it had got by then.

    Args:
        held: moments and bytes.
        own: when requests were due to these pods alone.
        pods: how many they are.
        shared: when requests were due to them and others alike.
        ready: how many they are with those.
        limit: bytes, of each.
    """
    first = min((at for at, _ in held), default=0.0)
    return Memory(
        [
            Reading(
                at - first,
                bisect_right(own, at) / (pods or 1) + bisect_right(shared, at) / ready,
                bytes_,
            )
            for at, bytes_ in held
        ],
        limit,
    )
