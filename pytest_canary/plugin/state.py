"""What the plugin's objects know in common, and where hooks and fixtures find it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_canary.plugin.parts import Parts
    from pytest_canary.rehearsal.rehearsal import Rehearsal

REHEARSAL: pytest.StashKey[Rehearsal] = pytest.StashKey()
"""What the session goes through its stages with; only there with `--canary` or `--canary-check`."""

PROJECT: pytest.StashKey[Path] = pytest.StashKey()
"""The folder that is rehearsed, where it is not the session's own."""

PARTS: pytest.StashKey[Parts] = pytest.StashKey()
"""What the plugin works with, where it isn't the usual; to be set before it is configured."""


@dataclass(frozen=True)
class FailedTest:
    """A test that failed.

    Attributes:
        node_id: where.
        sentence: why, in one line.
        stage: the stage that it belongs to.
        is_check: whether it is one of the stage's own checks; a team's test otherwise.
    """

    node_id: str
    sentence: str
    stage: str
    is_check: bool

    @property
    def reason(self) -> str:
        """Why others are skipped; in full it is told where it failed."""
        # Without --canary, nothing of it is imported.
        from pytest_canary.core.wording import cut

        return f"{self.node_id} failed: {cut(self.sentence, 99)}"


@dataclass
class SessionOutcome:
    """How a session went so far.

    Attributes:
        planned: how many checks each stage has, whether they are chosen or not; of one that is not
            walked, none.
        held: how many checks were made, and passed; those of the automatic rollback too.
        seconds: what each stage's tests took.
        failed: the first that did.
        rollback_failed: the first of the automatic rollback's that did.
        rolls_back: whether the automatic rollback has come in place of the planned one.
        cleanup_failed: the cleanup after all tests, where it did.
        unmade: checks that were chosen, and that somebody else than the walk has left out.
        cleaning: whether the session is at its end, where what the run made is removed; no signal
            interrupts that.
        kept: whether everything is left in place.
        finished: whether pytest came to the end of its tests.
        stopped_by: what ended the session before that: a signal's name, or "Ctrl-C".
        stop_code: the exit code that a signal asks for.
    """

    planned: dict[str, int] = field(default_factory=dict)
    held: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    failed: FailedTest | None = None
    rollback_failed: FailedTest | None = None
    cleanup_failed: FailedTest | None = None
    unmade: list[str] = field(default_factory=list)
    rolls_back: bool = False
    cleaning: bool = False
    kept: bool = False
    finished: bool = False
    stopped_by: str = ""
    stop_code: int | None = None

    @property
    def failures(self) -> list[FailedTest]:
        """The first failure of the walk, of its way back, and of its end; of each that failed."""
        return list(filter(None, [self.failed, self.rollback_failed, self.cleanup_failed]))

    def exit_code(self, code: int) -> int:
        """The walk's own, whatever pytest has counted.

        Args:
            code: pytest's.
        """
        if self.stop_code is not None:
            return self.stop_code
        broken = self.failures or self.unmade
        return pytest.ExitCode.TESTS_FAILED if broken and code == pytest.ExitCode.OK else code

    @property
    def checks(self) -> int:
        """How many checks there are in all."""
        return sum(self.planned.values())

    @property
    def passed(self) -> bool:
        """Whether every check was made, and held; but for a cleanup that is put off.

        Where pytest came to no checks at all, as with a path that isn't there, nothing has.
        """
        without_cleanup = self.checks - self.planned.get("cleanup", 0)
        held = self.held == self.checks or (self.kept and self.held >= without_cleanup)
        return held and self.checks > 0

    @property
    def decided(self) -> bool:
        """Whether it failed, or has passed as far as a promotion and back."""
        return self.failed is not None or (self.passed and "rollback" in self.planned)
