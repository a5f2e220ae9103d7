"""The project's own pipelines in the report: what each has run, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_canary.reporting.part import Count, Part, Seconds, Text

if TYPE_CHECKING:
    from pytest_canary.context.journal import Journal
    from pytest_canary.jobs.results import JobResult

End = Literal["passed", "failed", "stopped", "skipped", "canceled"]


class PipelineJob(Part):
    """One job; of a block that was not run, none.

    Attributes:
        block: its block's name.
        commands: how many were run.
        failed: the one that ended it, where it has failed.
        log: the file that has what it printed, from the report's folder; empty for none.
    """

    block: Text
    name: Text
    result: End
    seconds: Seconds = 0
    commands: Count = 0
    failed: Text = ""
    log: str = ""


class Pipeline(Part):
    """One pipeline that was run.

    Attributes:
        role: what it is to the release: "build", "canary", "stable" or "rollback".
        file: its own, as the project has it.
        name: what it calls itself.
    """

    role: str
    file: str
    name: Text = ""
    result: End
    jobs: tuple[PipelineJob, ...] = ()


def pipelines(journal: Journal) -> Iterator[Pipeline]:
    """The pipelines of a rehearsal, in the order in which they were run."""
    for each in journal.pipelines:
        jobs = [
            _job(block.name, job, journal) for block in each.result.blocks for job in block.jobs
        ]
        yield Pipeline(
            role=each.role,
            file=each.file,
            name=each.result.name,
            result=each.result.end.result,
            jobs=tuple(jobs),
        )


def _job(block: str, job: JobResult, journal: Journal) -> PipelineJob:
    ended = [each for each in job.commands if each.code and each.part in ("prologue", "commands")]
    return PipelineJob(
        block=block,
        name=job.name,
        result=job.end.result,
        seconds=sum(each.seconds for each in job.commands),
        commands=len(job.commands),
        failed=job.problem or (ended[-1].text if ended and job.end.result != "passed" else ""),
        log=_from_report(job.log, journal) if job.log else "",
    )


def _from_report(log: Path, journal: Journal) -> str:
    """A log's path as the report's own page leads to it."""
    folder = journal.plan.options.report.absolute()
    return log.relative_to(folder).as_posix() if log.is_relative_to(folder) else ""
