"""Jobs with what they extend, and with what goes for all jobs; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Jobs that extend each other, one by one.
DEEPEST = 11


class ExtendsError(Exception):
    """A job extends what there is not, or itself; in a few words."""


def extend(
    name: str,
    jobs: Mapping[str, Any],
    known: dict[str, dict[str, Any]],
    within: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A job with all that it extends: tables are merged, everything else is its own.

    Args:
        name: the job's.
        jobs: all of the file's.
        known: those that are extended already, which gathers here.
        within: those that extend it.

    Raises:
        ExtendsError: it can't be.
    """
    if name in known:
        return known[name]
    job = jobs[name]
    parents = job.get("extends", [])
    found: dict[str, Any] = {}
    for parent in [parents] if isinstance(parents, str) else parents:
        if parent not in jobs:
            raise ExtendsError(f"there is no job {parent}")
        if parent in (*within, name) or len(within) > DEEPEST:
            raise ExtendsError(f"{parent} extends itself, or too many")
        found = merge(found, extend(parent, jobs, known, (*within, name)))
    known[name] = merge(found, {key: each for key, each in job.items() if key != "extends"})
    return known[name]


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables as one; what is above counts."""
    found = dict(below)
    for key, each in above.items():
        mine = found.get(key)
        both = isinstance(mine, dict) and isinstance(each, dict)
        found[key] = merge(mine, each) if both and isinstance(mine, dict) else each
    return found


def lines(script: Any) -> Iterator[str]:
    """A script's lines, which may be lists within a list."""
    if isinstance(script, str):
        yield script
    else:
        for each in script or []:
            yield from lines(each)
