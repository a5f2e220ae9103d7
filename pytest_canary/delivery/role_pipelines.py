"""What runs where a release goes on, whoever's files say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from pytest_canary.core.errors import SettingsError
from pytest_canary.core.findings import Finding
from pytest_canary.jobs.assignment import RunJob
from pytest_canary.jobs.definition import Definition
from pytest_canary.jobs.environment import Workflow
from pytest_canary.jobs.job_run import run_job
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.pipelines.roles import Role

AUTOMATIC = "auto-promotion"
"""Who promotes where nobody presses."""

BY_HAND = "pytest-canary"
"""Who promotes where a person would press: the verdict, or the rehearsal's own end."""

CALLED: dict[Role, str] = {
    "build": "the first pipeline",
    "canary": "the canary pipeline",
    "stable": "the stable pipeline",
    "rollback": "the rollback pipeline",
}
"""What each is called in a sentence."""


@dataclass(frozen=True)
class Begun:
    """One of them, as a runner takes it.

    Attributes:
        definition: its jobs.
        parameters: what it is handed by what led to it.
        run_job: runs one of them, as its service does.
    """

    definition: Definition
    parameters: Mapping[str, str] = field(default_factory=dict)
    run_job: RunJob = run_job


class RolePipelines(Protocol):
    """The four that a release has.

    Attributes:
        automatic: what lets a rollback start by itself, as an advice.
    """

    automatic: str

    def file(self, role: Role) -> str:
        """The file of one, as it is told."""

    def begin(self, role: Role, workflow: Workflow) -> Begun:
        """One, as it is to be run now.

        Raises:
            SettingsError: it has something that can't be rehearsed.
        """

    def end(self, role: Role, result: PipelineResult) -> Finding | None:
        """Learn what came of one; what is wrong with that, whatever its jobs came to."""

    def why_once(self, role: Role, commit: str) -> str:
        """Why one can't be run again for an earlier workflow; empty where it can.

        Args:
            role: which.
            commit: that workflow's; empty where nobody knows it, and it counts as the same.
        """

    def starts_rollback(self, role: Role, result: PipelineResult, workflow: Workflow) -> bool:
        """Whether the rollback starts by itself, as one that was learnt of has failed."""


def without(definition: Definition, names: Sequence[str], file: str) -> Definition:
    """A definition of which some blocks don't run.

    Args:
        definition: all of it.
        names: of these blocks.
        file: the pipeline's, as it is told.

    Raises:
        SettingsError: one of them is not there.
    """
    known = [each.name for each in definition.blocks]
    for name in names:
        if name not in known:
            raise SettingsError(
                f"pipeline.skip names block {name}, and {file} has {', '.join(known)}"
            )
    blocks = (replace(e, skip=True) if e.name in names else e for e in definition.blocks)
    return replace(definition, blocks=tuple(blocks))
