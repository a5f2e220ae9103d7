"""The stages as pytest collects them: short, stable node IDs, wherever the plugin is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_canary.context.evidence import failure_of
from pytest_canary.core.errors import CanaryError, NotApplicable
from pytest_canary.plugin.marker import stage_named
from pytest_canary.plugin.pytest_internals import ErrorRepr, skip_item

if TYPE_CHECKING:
    from pytest_canary.context.evidence import Failure
    from pytest_canary.context.stage import Check, Stage
    from pytest_canary.rehearsal.rehearsal import Rehearsal


class StageFile(pytest.File):
    """`canary/STAGE`, with an item for each check that applies to the plan."""

    rehearsal: Rehearsal
    stage: Stage[object]

    @classmethod
    def of(cls, session: pytest.Session, rehearsal: Rehearsal, name: str) -> StageFile:
        """The collector of one stage; also of `automatic_rollback`, in the place of `rollback`."""
        stage = rehearsal.load(name)
        path = session.config.rootpath / "canary" / stage.name
        made: StageFile = cls.from_parent(session, path=path, name=f"canary/{stage.name}")
        made.rehearsal, made.stage = rehearsal, stage
        return made

    def collect(self) -> Iterator[StageTest]:
        """An item for each check."""
        for check in self.stage.checks_for(self.rehearsal.plan):
            yield StageTest.of(self, check)


class StageTest(pytest.Item):
    """One check of a stage: its name is the sentence that must hold.

    Attributes:
        made: whether it came to its end: it held, or does not apply.
        error: why it failed when it first did, whatever pytest has made of that.
    """

    check: Check
    parent: StageFile
    made = False
    error: Exception | None = None

    @classmethod
    def of(cls, parent: StageFile, check: Check) -> StageTest:
        """The item of one check."""
        made: StageTest = cls.from_parent(parent, name=check.name(parent.rehearsal.plan))
        made.check = check
        return made

    def runtest(self) -> None:
        """Come to where the check is made, and make it."""
        try:
            self.parent.rehearsal.check(self.check, self.parent.stage)
        except NotApplicable as reason:
            self.made = True
            skip_item(str(reason))
        except Exception as error:
            self.error = self.error or error
            raise
        self.made = True

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Where it stands, as pytest shows it: the stage, not this package's file."""
        return self.path, 0, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        """The harness's own errors as a sentence with its evidence; others with a traceback."""
        if isinstance(excinfo.value, CanaryError):
            failure = keep_evidence(self.parent.rehearsal, stage_of(self), excinfo.value)
            return ErrorRepr(failure, self.path)
        return super().repr_failure(excinfo)


def keep_evidence(rehearsal: Rehearsal, stage: str, error: BaseException) -> Failure:
    """Keep the evidence of a failure; what goes wrong with that hides no failure, and ends no run.

    Args:
        rehearsal: whose failure it is.
        stage: where it failed.
        error: what was raised.
    """
    try:
        return rehearsal.keep_evidence(stage, error)
    except Exception as trouble:
        journal = rehearsal.journal
        told = rehearsal.workspace.evidence.keep_traceback(trouble, journal.redactor.redact)
        journal.note(stage, f"its evidence can't be kept: {told}")
        known = (each for each in journal.failures if each.error is error)
        return next(known, None) or failure_of(stage, error, journal.redactor.redact)


def stage_of(item: pytest.Item) -> str:
    """The stage that an item belongs to."""
    if isinstance(item, StageTest):
        return item.parent.stage.name
    return stage_named(item)  # an item that names none is deselected


def in_automatic_rollback(item: pytest.Item) -> bool:
    """Whether an item is of the rollback that a failure leads to by itself."""
    return isinstance(item, StageTest) and item.parent.stage.automatic
