"""What takes time, told by its name to whoever writes it down."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

Kind = Literal["wait", "command", "step"]
"""A wait for something, a command that runs, or a step of ours that takes long."""

Measure = Callable[[Kind, str], AbstractContextManager[None]]
"""Measures what is done in a block: of what kind it is, and what it is called."""


def measure_nothing(_kind: Kind, _name: str) -> AbstractContextManager[None]:
    """Measures nothing, where nobody asks."""
    return nullcontext()
