"""How a walk's time and memory grow with what it walks, as tables and curves in Markdown.

Each series changes one size and leaves the rest as the project has it. The walks are made in a
cluster that is there; what makes the size (rows, Deployments) is not in their seconds.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from runs import Run, RunError, run

FILL = Path(__file__).with_name("fill.py")
MANY = Path(__file__).with_name("many_requests.py")

# Sizes from a team's smallest to more than most have.
SIZES: dict[str, tuple[int, ...]] = {
    "replicas": (3, 10, 30),
    # Others in the namespace, without pods.
    "deployments": (0, 50, 200),
    "rows": (1_000, 10_000, 100_000, 1_000_000),
    "requests": (1_000, 10_000, 100_000, 1_000_000),
    # Side by side.
    "walks": (1, 2, 3, 4),
}


@dataclass(frozen=True)
class Point:
    """What one size costs.

    Attributes:
        size: of the series.
        seconds: that the walk took, without what made the size; of requests, what is made of them;
            of walks side by side, until the last had ended.
        peak: bytes that the process held at most.
        failure: why it has no seconds; empty where it has.
    """

    size: int
    seconds: float = 0.0
    peak: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Size:
    """How a walk is made that has a size.

    Attributes:
        settings: tables that take the place of the project's.
        environment: what fill.py is told.
    """

    settings: Mapping[str, Any]
    environment: Mapping[str, str]


Walk = Callable[[Size], tuple[Run, float]]
"""Makes a walk of a size; returns it, and its seconds without what made the size."""

Beside = Callable[[int], tuple[Run, float]]
"""Makes so many walks side by side; returns one, and the seconds until the last had ended."""


def sized(series: str, size: int) -> Size:
    """How a walk of this size is made.

    Raises:
        KeyError: no walk makes this series.
    """
    replicas = {"stable": size, "canary": 1, "stable-during-canary": size - 1}
    return {
        "replicas": Size({"replicas": replicas}, {}),
        "deployments": Size({}, {"FILL_DEPLOYMENTS": str(size)}),
        "rows": Size({}, {"FILL_ROWS": str(size)}),
    }[series]


def overlaid(settings: Path, tables: Mapping[str, Any]) -> str:
    """A project's settings with other tables, as TOML of one line a key.

    Args:
        settings: canary.toml, another file of that kind, or pyproject.toml.
        tables: what takes the place of the tables of these names.
    """
    found: dict[str, Any] = tomllib.loads(settings.read_text())
    if settings.name == "pyproject.toml":
        found = found.get("tool", {}).get("canary", {})
    return "".join(f"{key} = {_toml(value)}\n" for key, value in {**found, **tables}.items())


def _toml(value: object) -> str:
    """A value as TOML has it: like JSON, but for tables."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def told(names: Iterable[str], walk: Walk, beside: Beside) -> Iterator[str]:
    """These series in Markdown, each as soon as it is there.

    Args:
        names: of SIZES.
        walk: makes the walks.
        beside: makes those that are side by side.
    """
    yield f"A walk in a cluster that is there, on {os.cpu_count()} cores."
    for name in names:
        yield from shown(name, list(measured(name, walk, beside)))


def measured(name: str, walk: Walk, beside: Beside) -> Iterator[Point]:
    """A series' points, the smallest first; none after one that fails."""
    for size in SIZES[name]:
        print(f"{name}: {size:,}", file=sys.stderr, flush=True)
        try:
            if name == "requests":
                done, seconds = requests(size)
            elif name == "walks":
                done, seconds = beside(size)
            else:
                done, seconds = walk(sized(name, size))
        except RunError as error:
            yield Point(size, failure=str(error))
            return
        yield Point(size, seconds, done.peak)


def requests(size: int) -> tuple[Run, float]:
    """What is made of so many requests when a walk ends, in a process of its own.

    Raises:
        RunError: it fails.
    """
    done = run([sys.executable, MANY, str(size)], Path.cwd(), os.environ)
    return done, float(done.printed[-1][1])


def shown(name: str, points: Sequence[Point]) -> Iterator[str]:
    """A series in Markdown: its table, what each step of it adds, and two curves."""
    yield f"\n### {name[0].upper()}{name[1:]}\n"
    yield f"| {name} | s | MB at most |\n|--:|--:|--:|"
    good = [each for each in points if not each.failure]
    for each in good:
        yield f"| {each.size:,} | {each.seconds:.1f} | {each.peak / 1e6:.0f} |"
    for each in points:
        if each.failure:
            yield f"\nAt {each.size:,} it fails:\n\n```\n{each.failure}\n```"
    if len(good) > 1:
        yield f"\n{'; '.join(steps(good))}."
        yield from curve(name, "s", good, [each.seconds for each in good])
        yield from curve(name, "MB", good, [each.peak / 1e6 for each in good])


def steps(points: Sequence[Point]) -> Iterator[str]:
    """What each one more costs, from point to point: where that rises, growth is not linear."""
    for before, after in pairwise(points):
        more = after.size - before.size
        seconds = scaled((after.seconds - before.seconds) / more, ("s", "ms", "µs", "ns"))
        peak = scaled((after.peak - before.peak) / more / 1e6, ("MB", "kB", "bytes"))
        yield f"from {before.size:,} to {after.size:,} each costs {seconds} and {peak}"


def scaled(value: float, units: Sequence[str]) -> str:
    """A value in the first of these units, each a thousandth of the one before, that suits it."""
    for unit in units:
        if abs(value) >= 1 or unit == units[-1]:
            break
        value *= 1_000
    return f"{value:.3g} {unit}"


def curve(
    series: str, unit: str, points: Sequence[Point], values: Sequence[float]
) -> Iterator[str]:
    """A picture that code hosts draw."""
    sizes = ", ".join(f'"{each.size:,}"' for each in points)
    yield "\n```mermaid\nxychart-beta"
    yield f'    x-axis "{series}" [{sizes}]\n    y-axis "{unit}" 0 --> {max(values) * 1.1:.3g}'
    yield f"    line [{', '.join(f'{value:.3g}' for value in values)}]\n```"
