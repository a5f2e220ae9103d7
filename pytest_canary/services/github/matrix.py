"""The jobs that a matrix stands for; pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.services.github.functions import text_of

ADDED = ("include", "exclude")
"""What of a matrix is no variable of it."""

MOST = 256
"""Jobs that GitHub makes of one."""


def copies(key: str, matrix: Mapping[str, list[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each job's name and values; the job itself where there is no matrix.

    Args:
        key: the job's name in the file.
        matrix: each of its variables' values; and what is added to `include`, or left out of it.
    """
    axes = {name: each for name, each in matrix.items() if name not in ADDED}
    if not matrix:
        yield key, {}
        return
    combined = [dict(zip(axes, each, strict=True)) for each in itertools.product(*axes.values())]
    found = [
        each
        for each in (combined if axes else [])
        if not any(_within(left_out, each) for left_out in matrix.get("exclude", []))
    ]
    alone: list[dict[str, Any]] = []
    own = [dict(each) for each in found]
    for more in matrix.get("include", []):
        # It goes where it changes no value of the matrix' own, and makes a job of its own else.
        fits = [
            index
            for index, each in enumerate(own)
            if all(each[name] == more[name] for name in axes if name in more)
        ]
        for index in fits:
            found[index] |= more
        if not fits:
            alone.append(dict(more))
    for each in (*found, *alone):
        values = ", ".join(text_of(value) for value in each.values())
        yield f"{key} ({values})", each


def _within(part: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return all(name in whole and whole[name] == value for name, value in part.items())
