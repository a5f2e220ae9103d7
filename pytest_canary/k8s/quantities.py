"""Kubernetes' quantities, and what a pod asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from pytest_canary.k8s.objects import Object

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def quantity(text: str | float) -> Decimal:
    """A quantity as a number: "50m" is 0.05, "64Mi" is 67108864.

    Raises:
        ValueError: it is no quantity.
    """
    found = re.fullmatch(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)", str(text).strip())
    if not found or found[2] not in _SUFFIXES:
        raise ValueError(f"{text!r} is no quantity")
    return Decimal(found[1]) * _SUFFIXES[found[2]]


def requests(pod: Object) -> dict[str, Decimal]:
    """What a pod asks of its node, as the scheduler counts it.

    Its containers and sidecars together, or the largest init container beside the sidecars that
    have started before it where that is more; and the overhead of its runtime class.
    """
    spec = pod["spec"]
    running = _sum(_asked(each) for each in spec["containers"])
    started: dict[str, Decimal] = {}
    starting: dict[str, Decimal] = {}
    for each in spec.get("initContainers") or []:
        if each.get("restartPolicy") == "Always":
            started = _sum([started, _asked(each)])
            starting = _most(starting, started)
        else:
            starting = _most(starting, _sum([started, _asked(each)]))
    overhead = {name: quantity(text) for name, text in (spec.get("overhead") or {}).items()}
    return _sum([_most(_sum([running, started]), starting), overhead])


def _asked(container: Object) -> dict[str, Decimal]:
    asked = (container.get("resources") or {}).get("requests") or {}
    return {name: quantity(text) for name, text in asked.items()}


def _sum(parts: Iterable[dict[str, Decimal]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, Decimal(0)) + value
    return total


def _most(one: dict[str, Decimal], other: dict[str, Decimal]) -> dict[str, Decimal]:
    return {
        name: max(one.get(name, Decimal(0)), other.get(name, Decimal(0))) for name in one | other
    }


def shown(name: str, value: Decimal) -> str:
    """A quantity for a person: "1.2 CPUs", "900Gi of memory", "2 nvidia.com/gpu"."""
    if name == "cpu":
        number = plain(name, value)
        return f"{number} CPU{'' if number == '1' else 's'}"
    if name in ("memory", "ephemeral-storage"):
        return f"{plain(name, value)} of {name}"
    return f"{plain(name, value)} {name}"


def plain(name: str, value: Decimal) -> str:
    """The same without its name: "1.2", "900Gi"."""
    if name in ("memory", "ephemeral-storage") or name.startswith("hugepages"):
        for suffix in ("Ti", "Gi", "Mi", "Ki"):
            if abs(value) >= _SUFFIXES[suffix]:
                return f"{float(round(value / _SUFFIXES[suffix], 1)):g}{suffix}"
    return f"{float(round(value, 2)):g}"
