"""A workflow's jobs and steps, as they stand in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.services.github.expressions import Expression

Texts = Mapping[str, str]
"""Texts that may have expressions in them, by name."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        identity: by which others ask for it; empty where it has none.
        shown: what of it is told, as its command.
        script: what it runs; None where it is an action.
        action: the action, with its version; empty where it has a script.
        stand_in: the command that stands in for the action; empty for nothing.
        inputs: what the action is given.
        condition: when it runs.
        environment: its own variables.
        shell: by which it runs; empty for GitHub's own choice.
        folder: where; empty for the workspace.
        minutes: how long it may take; empty for as long as its job.
        may_fail: whether the job goes on and passes where it fails.
    """

    identity: str
    shown: str
    script: str | None
    action: str
    stand_in: str
    inputs: Texts
    condition: Expression
    environment: Texts
    shell: str
    folder: str
    minutes: str
    may_fail: str


@dataclass(frozen=True)
class GitHubJob:
    """One job, or one of a matrix.

    Attributes:
        key: its name in the file.
        needs: the jobs that it waits for, of those that are run.
        before: those, and all that they wait for.
        condition: when it runs.
        environment: the workflow's variables and its own, one table over the other.
        steps: in their order.
        outputs: what others may ask for.
        matrix: its values, where it is one of a matrix.
        may_fail: whether the workflow passes where it fails.
    """

    key: str
    needs: tuple[str, ...]
    before: frozenset[str]
    condition: Expression
    environment: tuple[Texts, ...]
    steps: tuple[Step, ...]
    outputs: Texts
    matrix: Mapping[str, Any] = field(default_factory=dict)
    may_fail: str = ""
