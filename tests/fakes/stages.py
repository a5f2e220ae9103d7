"""What is brought through the stages where none of them is the subject."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, cast

from pytest_canary import stages
from pytest_canary.config.plan import Plan
from pytest_canary.context.evidence import Failure, failure_of
from pytest_canary.context.journal import Journal
from pytest_canary.context.stage import Check, Stage
from pytest_canary.core.errors import CanaryError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes
from pytest_canary.plugin.items import StageTest

if TYPE_CHECKING:
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.rehearsal.rehearsal import Rehearsal


Checks = Callable[[str], list[StageTest]]


class Entering(Protocol):
    """What the runner and the items ask of a rehearsal."""

    @property
    def plan(self) -> Plan: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def load(self) -> Callable[[str], Stage[object]]: ...

    def enter(self, stage: str) -> None: ...

    def check(self, check: Check, stage: Stage[object]) -> None: ...

    def entered(self, stage: str) -> bool: ...

    def keep_evidence(self, stage: str, error: BaseException) -> Failure: ...


if TYPE_CHECKING:
    _packaged: type[Entering] = Rehearsal  # answers it too


class Stages(Entering):
    """A rehearsal that writes down what is asked of it.

    Attributes:
        there: the stages that are entered.
        kept: whose failures' evidence is kept.
        broken: why no stage can be entered.
        workspace: its commands.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._journal = Journal(plan, "a1b2c3", Redactor(["hunter2"]))
        self.there: list[str] = []
        self.kept: list[tuple[str, BaseException]] = []
        self.broken: CanaryError | None = None
        self.workspace: Any = SimpleNamespace(processes=Processes())

    @property
    def rehearsal(self) -> Rehearsal:
        """Itself, where the whole rehearsal is asked for."""
        return cast("Rehearsal", self)

    @property
    def plan(self) -> Plan:
        return self._plan

    @property
    def journal(self) -> Journal:
        return self._journal

    @property
    def load(self) -> Callable[[str], Stage[object]]:
        return stages.load

    def enter(self, stage: str) -> None:
        if self.broken:
            raise self.broken
        self.there.append(stage)

    def check(self, check: Check, stage: Stage[object]) -> None:
        self.enter(stage.name)
        if check.test:
            check.test(cast("Workspace", self))

    def entered(self, stage: str) -> bool:
        return stage in self.there

    def keep_evidence(self, stage: str, error: BaseException) -> Failure:
        self.kept.append((stage, error))
        return failure_of(stage, error, self.journal.redactor.redact)
