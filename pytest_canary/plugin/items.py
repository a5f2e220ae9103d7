"""The stages as pytest collects them: short, stable node IDs, wherever the plugin is installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_canary import stages
from pytest_canary.core.errors import CanaryError, UnjudgedError
from pytest_canary.plugin.pytest_internals import ErrorRepr, skip_item

if TYPE_CHECKING:
    from pytest_canary.plugin.state import SupportsStages
    from pytest_canary.rehearsal.rehearsal import Walk


class StageFile(pytest.File):
    """`canary/STAGE`, with an item for each assertion that applies to the plan."""

    rehearsal: SupportsStages
    stage: str
    suite: Sequence[stages.Assertion]
    enter: Callable[[], None]
    is_automatic_rollback: bool

    @classmethod
    def of_stage(cls, session: pytest.Session, rehearsal: SupportsStages, stage: str) -> StageFile:
        """The collector of one stage."""
        made = cls._of(session, rehearsal, stage, stages.suite(stage))
        made.enter = partial(rehearsal.enter, stage)
        made.is_automatic_rollback = False
        return made

    @classmethod
    def of_automatic_rollback(cls, session: pytest.Session, rehearsal: Walk) -> StageFile:
        """The collector of the rollback that a failure leads to by itself."""
        made = cls._of(session, rehearsal, "rollback", stages.suite("automatic_rollback"))
        made.enter = rehearsal.roll_back_by_itself
        made.is_automatic_rollback = True
        return made

    @classmethod
    def _of(
        cls,
        session: pytest.Session,
        rehearsal: SupportsStages,
        stage: str,
        suite: Sequence[stages.Assertion],
    ) -> StageFile:
        path = session.config.rootpath / "canary" / stage
        made: StageFile = cls.from_parent(session, path=path, name=f"canary/{stage}")
        made.rehearsal, made.stage, made.suite = rehearsal, stage, suite
        return made

    def collect(self) -> Iterator[StageTest]:
        """An item for each assertion."""
        for assertion in self.suite:
            if assertion.when(self.rehearsal.plan):
                yield StageTest.of(self, assertion)


class StageTest(pytest.Item):
    """One assertion of a stage: its name is the sentence that must hold."""

    assertion: stages.Assertion
    parent: StageFile

    @classmethod
    def of(cls, parent: StageFile, assertion: stages.Assertion) -> StageTest:
        """The item of one assertion."""
        name = assertion.name(parent.rehearsal.plan)
        made: StageTest = cls.from_parent(parent, name=name)
        made.assertion = assertion
        return made

    def runtest(self) -> None:
        """Enter the stage and check."""
        self.parent.enter()
        try:
            self.assertion.check(self.parent.rehearsal)
        except UnjudgedError as reason:
            skip_item(str(reason))

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Where it stands, as pytest shows it: the stage, not this package's file."""
        return self.path, 0, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        """The harness's own errors as a sentence with its evidence; others with a traceback."""
        if isinstance(excinfo.value, CanaryError):
            self.parent.rehearsal.mask(excinfo.value)
            return ErrorRepr(excinfo.value, self.path)
        return super().repr_failure(excinfo)


def stage_of(item: pytest.Item) -> str:
    """The stage that an item belongs to."""
    if isinstance(item, StageTest):
        return item.parent.stage
    marker = item.get_closest_marker("canary")
    assert marker  # noqa: S101 (an item without one is deselected)
    return str(marker.args[0])


def in_automatic_rollback(item: pytest.Item) -> bool:
    """Whether an item is of the rollback that a failure leads to by itself."""
    return isinstance(item, StageTest) and item.parent.is_automatic_rollback
