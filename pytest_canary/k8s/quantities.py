"""Kubernetes' quantities, and what a pod asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

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


def quantity(text: object) -> Decimal:
    """A quantity as a number: "50m" is 0.05, "64Mi" is 67108864.

    Raises:
        ValueError: it is no quantity.
    """
    found = re.fullmatch(
        r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([A-Za-z]*))", str(text).strip()
    )
    if not found or (found[3] or "") not in _SUFFIXES:
        raise ValueError(f"{text!r} is no quantity")
    return Decimal(found[1] + (found[2] or "")) * _SUFFIXES[found[3] or ""]


def quantity_or_none(text: object) -> Decimal | None:
    """The same, of what a person has written; None where it is no quantity."""
    try:
        return quantity(text)
    except ValueError:
        return None


def requests(pod: Mapping[str, Any]) -> dict[str, Decimal]:
    """What a pod, or a template's, asks of its node, by resource, as the scheduler counts it.

    Its containers and sidecars together, or the largest init container beside the sidecars that
    have started before it where that is more; and the overhead of its runtime class. A limit is a
    request where there is no other, and what the pod says itself comes before its containers.
    What is malformed, as a template's may be, asks for nothing.
    """
    spec = _table(pod.get("spec"))
    running = _sum(_requested_amounts(each) for each in _tables(spec.get("containers")))
    started: dict[str, Decimal] = {}
    starting: dict[str, Decimal] = {}
    for each in _tables(spec.get("initContainers")):
        if each.get("restartPolicy") == "Always":
            started = _sum([started, _requested_amounts(each)])
            starting = _most(starting, started)
        else:
            starting = _most(starting, _sum([started, _requested_amounts(each)]))
    together = _most(_sum([running, started]), starting) | _requested_amounts(spec)
    return _sum([together, _amounts(spec.get("overhead"))])


def _requested_amounts(asker: Mapping[str, Any]) -> dict[str, Decimal]:
    resources = _table(asker.get("resources"))
    asked, limits = _amounts(resources.get("requests")), _amounts(resources.get("limits"))
    return asked | {name: value for name, value in limits.items() if name not in asked}


def _amounts(quantities: Any) -> dict[str, Decimal]:
    found = {name: quantity_or_none(text) for name, text in _table(quantities).items()}
    return {name: value for name, value in found.items() if value is not None}


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in (value if isinstance(value, list) else []) if isinstance(each, dict)]


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


def describe(name: str, value: Decimal) -> str:
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


def as_written(name: str, value: Decimal) -> str:
    """The same as a person writes it into a manifest, rounded down: "280m", "96Mi"."""
    if name == "memory":
        return f"{int(value / 2**20)}Mi"
    return f"{int(value)}" if value == int(value) else f"{int(value * 1000)}m"
