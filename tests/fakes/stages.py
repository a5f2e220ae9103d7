"""What is brought through the stages where none of them is the subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_canary import stages
from pytest_canary.config.plan import Plan
from pytest_canary.context.evidence import Failure, failure_of
from pytest_canary.context.journal import Journal
from pytest_canary.context.stage import Check, Stage
from pytest_canary.core.errors import CanaryError
from pytest_canary.core.masking import Redactor
from pytest_canary.plugin.items import StageTest

Checks = Callable[[str], list[StageTest]]


class Stages:
    """A rehearsal that writes down what is asked of it.

    Attributes:
        there: the stages that are entered.
        kept: whose failures' evidence is kept.
        broken: why no stage can be entered.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.journal = Journal(plan, "a1b2c3", Redactor(["hunter2"]))
        self.there: list[str] = []
        self.kept: list[tuple[str, BaseException]] = []
        self.broken: CanaryError | None = None

    def load(self, name: str) -> Stage[object]:
        return stages.load(name)

    def enter(self, stage: str) -> None:
        if self.broken:
            raise self.broken
        self.there.append(stage)

    def check(self, check: Check, stage: Stage[object]) -> None:
        self.enter(stage.name)
        given: Any = self
        if check.test:
            check.test(given)

    def entered(self, stage: str) -> bool:
        return stage in self.there

    def keep_evidence(self, stage: str, error: BaseException) -> Failure:
        self.kept.append((stage, error))
        return failure_of(stage, error, self.journal.redactor.redact)
