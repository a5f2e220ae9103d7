"""What came of one of the project's pipelines."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_canary.jobs.results import PipelineResult
from pytest_canary.pipelines.roles import Role


@dataclass(frozen=True)
class Delivered:
    """One pipeline that was run.

    Attributes:
        role: what it is to the release.
        file: its own, as it is told.
        result: what came of it.
        starts_rollback: whether it has failed and the rollback starts by itself for that.
        automatic: what would let it, as an advice.
    """

    role: Role
    file: str
    result: PipelineResult
    starts_rollback: bool = False
    automatic: str = ""

    @property
    def passed(self) -> bool:
        """Whether it has passed."""
        return self.result.end.result == "passed"
