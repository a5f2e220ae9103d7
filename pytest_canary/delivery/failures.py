"""Why a pipeline has failed, by what its jobs came to; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import cut
from pytest_canary.jobs.order import End
from pytest_canary.jobs.results import CommandResult, JobResult, PipelineResult

# Letters of a command, and lines of its output, that are shown.
SHOWN, LINES = 160, 30

# How ends what was stopped by who runs it.
_STOPPED = End("stopped", "user")


def failure(name: str, file: str, result: PipelineResult) -> Finding | None:
    """What a pipeline has failed at; None where it has passed.

    Args:
        name: as it is told: "the canary pipeline".
        file: the pipeline's.
        result: what came of it.
    """
    if result.end.result == "passed":
        return None
    where = f"pipeline {result.name or file}"
    for block, job in _unpassed_jobs(result):
        place = f"block {block}, job {job.name}"
        if job.problem:
            return Finding(
                "PipelineFails",
                f"{name} does not pass: {place}: {job.problem}",
                f"{file}, {where}",
                next="describe in [pipeline.secrets] what each secret gives"
                if job.problem.startswith("secret ")
                else "",
            )
        command = _last(job)
        if command is None:
            continue
        said = "\n".join(command.output.splitlines()[-LINES:])
        how = f"is stopped: {command.cut_off}" if command.cut_off else _exits(command)
        refused = command.refused[0].why if command.refused else ""
        return Finding(
            "PipelineFails",
            f"{name} does not pass: {place}: `{_first_line(command)}` {how}",
            f"{file}, {where}",
            evidence=said,
            likely=refused,
            next=f"see all that the job has printed in {job.log}" if job.log else "",
        )
    return Finding(
        "PipelineFails", f"{name} does not pass: it is {result.end.result}", f"{file}, {where}"
    )


def stopped_result(result: PipelineResult) -> PipelineResult:
    """What a pipeline would have come to that was stopped as it could only fail.

    Args:
        result: what it has come to.
    """

    def fail(end: End) -> End:
        return End("failed", "test") if end == _STOPPED else end

    blocks = tuple(
        replace(
            block,
            end=fail(block.end),
            jobs=tuple(replace(job, end=fail(job.end)) for job in block.jobs),
        )
        for block in result.blocks
    )
    return replace(result, end=fail(result.end), blocks=blocks)


def _exits(command: CommandResult) -> str:
    return "ends its shell" if command.closed else f"exits with code {command.code}"


def _first_line(command: CommandResult) -> str:
    lines = command.text.strip().splitlines()
    return cut(lines[0] if lines else "", SHOWN)


def _unpassed_jobs(result: PipelineResult) -> Iterator[tuple[str, JobResult]]:
    """Those that failed first; then what was stopped, and last what was stopped for another."""
    found = [
        (block.name, job)
        for block in result.blocks
        for job in block.jobs
        if job.end.result in ("failed", "stopped")
    ]
    order = {"failed": 0, "stopped": 1}
    yield from sorted(
        found,
        key=lambda each: (each[1].end.reason == "fast_failing", order[each[1].end.result]),
    )


def _last(job: JobResult) -> CommandResult | None:
    """The command that ended the job's own."""
    own = [each for each in job.commands if each.part in ("prologue", "commands")]
    return own[-1] if own else None
