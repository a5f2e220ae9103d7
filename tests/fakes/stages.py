"""What is brought through the stages where none of them is the subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import CanaryError
from pytest_canary.plugin.items import StageTest

Checks = Callable[[str], list[StageTest]]


@dataclass
class Stages:
    """Writes down what is asked of it.

    Attributes:
        there: the stages that are entered.
        witnessed: whose failures' evidence is kept.
        broken: why no stage can be entered.
    """

    plan: Plan
    notes: dict[str, list[str]] = field(default_factory=dict)
    there: list[str] = field(default_factory=list)
    witnessed: list[tuple[str, BaseException]] = field(default_factory=list)
    broken: CanaryError | None = None

    def enter(self, stage: str) -> None:
        if self.broken:
            raise self.broken
        self.there.append(stage)

    def entered(self, stage: str) -> bool:
        return stage in self.there

    def mask(self, error: CanaryError) -> None:
        error.sentence = error.sentence.replace("hunter2", "***")

    def witness(self, stage: str, error: BaseException) -> None:
        self.witnessed.append((stage, error))
