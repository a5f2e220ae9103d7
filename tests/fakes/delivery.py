"""Pipelines of a release that have ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_canary.delivery.delivered import Delivered
from pytest_canary.jobs.calls import Call
from pytest_canary.jobs.order import End
from pytest_canary.jobs.results import BlockResult, CommandResult, JobResult, PipelineResult
from pytest_canary.pipelines.roles import Role

REFUSED = Call("refused", "terraform", ("apply",), "nothing stands in for it")


def command(text: str = "make it", code: int = 0, **more: Any) -> CommandResult:
    """A command that was run."""
    usual: dict[str, Any] = {"output": "", "calls": (), "printed": ()}
    return CommandResult("commands", text, code, False, "", 1.0, **{**usual, **more})


def ended(*commands: CommandResult, result: Any = "passed", problem: str = "") -> PipelineResult:
    """What came of a pipeline that has one block with one job."""
    end = End(result, "" if result == "passed" else "test")
    job = JobResult("Job", end, commands or (command(),), problem=problem)
    return PipelineResult("Pipeline", end, (BlockResult("Block", end, (job,)),))


def delivered(role: Role, *commands: CommandResult, **more: Any) -> Delivered:
    """One that made a transition, and passed unless it is said otherwise."""
    result = ended(*commands, result=more.pop("result", "passed"))
    return replace(Delivered(role, f".semaphore/{role}.yml", result), **more)
