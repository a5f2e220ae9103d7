"""Which blocks may begin, which never will, and what a pipeline comes to; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pytest_canary.jobs.definition import Block

Result = Literal["passed", "failed", "stopped", "canceled"]
Reason = Literal["", "test", "skipped", "allowed", "fast_failing", "timeout", "user"]
"""Semaphore's, and two of others: `allowed` of what failed and may fail, so that it has passed;
`skipped` too of what is canceled because it was not meant to run, which fails nothing."""
Strategy = Literal["", "stop", "cancel"]
"""What a failure does to the others: nothing, unless they wait for it."""


@dataclass(frozen=True)
class End:
    """How a pipeline, block or job has ended, in Semaphore's words, and why."""

    result: Result
    reason: Reason = ""


@dataclass(frozen=True)
class Step:
    """What is to be done now.

    Attributes:
        begin: blocks to begin, in the file's order.
        canceled: blocks that will never run, with why.
        stop: whether those that run are to be stopped.
    """

    begin: tuple[Block, ...] = ()
    canceled: Mapping[str, End] = field(default_factory=dict)
    stop: bool = False


def next_step(
    blocks: Sequence[Block], ends: Mapping[str, End], running: Iterable[str], strategy: Strategy
) -> Step:
    """What is to be done, once a block has ended or none has begun.

    A block begins when all have passed that it waits for; one that waits for another end is
    canceled, and so is what waits for that. One that runs regardless begins when all have ended.

    Args:
        blocks: all of them.
        ends: how those that have ended did.
        running: names of those that run.
        strategy: what a failure does to the others.
    """
    waiting = [each for each in blocks if each.name not in {*ends, *running}]
    failed = any(each.result == "failed" for each in ends.values())
    if failed and strategy:
        lost = {each.name: End("canceled", "fast_failing") for each in waiting}
        return Step(canceled=lost, stop=strategy == "stop")
    known: dict[str, End] = dict(ends)
    canceled: dict[str, End] = {}
    for _ in waiting:  # what is canceled cancels others, wherever they stand
        for block in waiting:
            before = [known[name] for name in block.dependencies if name in known]
            in_the_way = [end for end in before if end.result != "passed"]
            if block.name not in known and in_the_way and not block.regardless:
                meant = all(end.reason == "skipped" for end in in_the_way)
                reason: Reason = "skipped" if meant else "fast_failing"
                known[block.name] = canceled[block.name] = End("canceled", reason)
    ready = (
        each
        for each in waiting
        if all(
            name in ends and (each.regardless or ends[name].result == "passed")
            for name in each.dependencies
        )
    )
    return Step(tuple(ready), canceled)


def of_jobs(ends: Iterable[End]) -> End:
    """What a block's jobs make of it; the same of a pipeline's blocks.

    One that failed makes it fail, else one that was stopped, else one that was canceled; one that
    was not meant to run does nothing, unless all are such.
    """
    found = [*ends]
    skipped = End("canceled", "skipped")
    for result in ("failed", "stopped", "canceled"):
        for end in found:
            if end.result == result and end != skipped:
                return end
    return skipped if found and all(end == skipped for end in found) else End("passed")
