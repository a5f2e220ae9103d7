"""The stages as pytest collects them: short, stable node IDs, wherever the plugin is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr

from pytest_canary import stages
from pytest_canary.core.errors import CanaryError, UnjudgedError

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo
    from _pytest._io import TerminalWriter

    from pytest_canary.config.plan import Plan
    from pytest_canary.rehearsal.rehearsal import Walk


class Stage(pytest.File):
    """`canary/STAGE`, with an item for each assertion that applies to the plan."""

    walk: Walk
    stage: str
    rescues: bool

    @classmethod
    def of(cls, session: pytest.Session, stage: str, walk: Walk, *, rescues: bool = False) -> Stage:
        """The collector of one stage, or of the rollback that a failure leads to by itself."""
        path = session.config.rootpath / "canary" / stage
        made: Stage = cls.from_parent(session, path=path, name=f"canary/{stage}")
        made.walk, made.stage, made.rescues = walk, stage, rescues
        return made

    def collect(self) -> Iterator[StageTest]:
        """An item for each assertion."""
        plan: Plan = self.walk.plan
        for assertion in stages.suite("automatic_rollback" if self.rescues else self.stage):
            if assertion.when(plan):
                yield StageTest.of(self, assertion)


class StageTest(pytest.Item):
    """One assertion of a stage: its name is the sentence that must hold."""

    assertion: stages.Assertion
    parent: Stage

    @classmethod
    def of(cls, parent: Stage, assertion: stages.Assertion) -> StageTest:
        """The item of one assertion."""
        made: StageTest = cls.from_parent(parent, name=assertion.name(parent.walk.plan))
        made.assertion = assertion
        return made

    def runtest(self) -> None:
        """Bring the walk to the stage and check."""
        walk = self.parent.walk
        if self.parent.rescues:
            walk.roll_back_by_itself()
        else:
            walk.enter(self.parent.stage)
        try:
            self.assertion.check(walk)
        except UnjudgedError as reason:
            raise pytest.skip.Exception(str(reason), _use_item_location=True) from None

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Where it stands, as pytest shows it: the stage, not this package's file."""
        return self.path, 0, self.name

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        """The harness's own errors as a sentence with its evidence; others with a traceback."""
        if isinstance(excinfo.value, CanaryError):
            self.parent.walk.mask(excinfo.value)
            return Told(excinfo.value, Path(self.path))
        return super().repr_failure(excinfo)


def told(report: pytest.TestReport, item: pytest.Item, error: BaseException) -> None:
    """Let a report tell an error of the harness's own as a sentence with its evidence."""
    if isinstance(error, CanaryError) and not isinstance(item, StageTest):
        report.longrepr = Told(error, item.path)


class Told(TerminalRepr):
    """An error as a person reads it."""

    def __init__(self, error: CanaryError, path: Path) -> None:
        self.error = error
        # What pytest's short summary and --junitxml take as the message.
        self.reprcrash = ReprFileLocation(str(path), 0, error.sentence)

    def toterminal(self, tw: TerminalWriter) -> None:
        """The sentence, then the evidence."""
        tw.line(self.error.sentence, red=True, bold=True)
        for line in self.error.evidence.splitlines():
            tw.line(f"    {line}")
