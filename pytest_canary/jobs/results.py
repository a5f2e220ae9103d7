"""What came of a pipeline: by block, job and command. Texts are masked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_canary.jobs.calls import Call
from pytest_canary.jobs.order import End, Reason

Part = Literal["prologue", "commands", "always", "on_pass", "on_fail"]


@dataclass(frozen=True)
class CommandResult:
    """One command that was run.

    Attributes:
        part: which part of its job it is of.
        text: as the pipeline has it.
        code: its exit code; 1 where it closed the shell or was stopped.
        closed: whether it closed the shell.
        cut_off: why it was stopped; empty where it was not.
        seconds: how long it took.
        output: what it printed; of much, head and tail.
        calls: what it has called, in that order, as far as it is recorded.
        printed: the secrets that stand in its output: names of variables, or files.
    """

    part: Part
    text: str
    code: int
    closed: bool
    cut_off: Reason
    seconds: float
    output: str
    calls: tuple[Call, ...] = ()
    printed: tuple[str, ...] = ()

    @property
    def refused(self) -> tuple[Call, ...]:
        """What it has called and was refused, whatever its exit code."""
        return tuple(each for each in self.calls if each.kind == "refused")


@dataclass(frozen=True)
class JobResult:
    """One job.

    Attributes:
        problem: why none of its commands was run, in a sentence; empty where they were.
        commands: those that were run, in their order.
        log: the file that has them with their output; None where it has no folder.
    """

    name: str
    end: End
    commands: tuple[CommandResult, ...] = ()
    log: Path | None = None
    problem: str = ""


@dataclass(frozen=True)
class BlockResult:
    """One block; without jobs where it was not run."""

    name: str
    end: End
    jobs: tuple[JobResult, ...] = ()


@dataclass(frozen=True)
class PipelineResult:
    """One pipeline.

    Attributes:
        blocks: in the file's order.
        after: the jobs of `after_pipeline`, of which the end knows nothing.
    """

    name: str
    end: End
    blocks: tuple[BlockResult, ...]
    after: tuple[JobResult, ...] = ()
