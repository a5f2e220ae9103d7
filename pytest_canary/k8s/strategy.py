"""How many pods a Deployment's strategy, or a PodDisruptionBudget, lets go at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def most_unavailable(strategy: Mapping[str, Any], replicas: int) -> int | None:
    """How many of the replicas may be unavailable in a rollout, after the Deployment controller.

    Percentages of maxUnavailable round down and of maxSurge up; where both come to 0, one may be
    unavailable all the same, or nothing could ever roll (k8s.io/kubernetes, deployment/util).

    Returns:
        At most all of them; None where maxUnavailable can't be read.
    """
    if strategy.get("type") == "Recreate":
        return replicas
    rolling = strategy.get("rollingUpdate")
    rolling = rolling if isinstance(rolling, dict) else {}
    unavailable = scale(_or_default(rolling.get("maxUnavailable")), replicas, up=False)
    surge = scale(_or_default(rolling.get("maxSurge")), replicas, up=True)
    if unavailable is None:
        return None
    return min(1 if unavailable == surge == 0 else unavailable, replicas)


def scale(value: object, replicas: int, *, up: bool) -> int | None:
    """How many pods a number or a percentage of the replicas is; None where it is neither.

    Args:
        value: 1 or "25%".
        replicas: of which a percentage is a part.
        up: whether a part of a pod counts as a whole one, or as none.
    """
    text = str(value)
    if text.endswith("%") and text[:-1].isdigit():
        part = int(text[:-1]) * replicas / 100
        return math.ceil(part) if up else math.floor(part)
    return int(text) if text.isdigit() else None


def _or_default(value: object) -> object:
    return "25%" if value is None else value
