"""Worlds in which an assertion of a stage does not hold: a module or a folder a stage.

Each says what the user then reads. `{canary}`, `{run}` and the like stand for `World.names`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.world import World

Sabotage = Callable[[World], object]
Function = Callable[..., None]


@dataclass(frozen=True)
class Case:
    """One way in which one assertion fails.

    Attributes:
        stage: the assertion's stage.
        check: the packaged check that fails: the function, or the step, that it was declared with.
        sabotage: what breaks the world; its name says how.
        words: what the sentence has in it.
        evidence: what the evidence has in it.
        before: whether the world is broken before the stage's transition is made; or the stage
            before whose transition it is. Otherwise it is broken after it, and the check must have
            passed until then.
        passes_first: whether the check can be made twice.
        first: whether it is a first release.
        table: settings beside the usual ones.
    """

    stage: str
    check: Function
    sabotage: Sabotage
    words: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    before: bool | str = False
    passes_first: bool = True
    first: bool = False
    table: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        what = f"{self.check.__name__}: {self.sabotage.__name__}"
        return f"{self.stage}: {what.replace('_', ' ')}"


class Cases(list[Case]):
    """A stage's cases."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self.stage = stage

    def fails(self, check: Function, *words: str, **more: Any) -> Callable[[Sabotage], Sabotage]:
        """Declare a way to break what a check asserts, and the words that it then fails with."""

        def declare(sabotage: Sabotage) -> Sabotage:
            self.append(Case(self.stage, check, sabotage, words, **more))
            return sabotage

        return declare
