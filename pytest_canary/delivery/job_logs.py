"""Keeps what a pipeline's jobs have printed, as their own folders go with the run."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

from pytest_canary.jobs.results import JobResult, PipelineResult

# Letters of a name that a file is called by.
SHOWN = 60


def with_logs_kept(result: PipelineResult, folder: Path) -> PipelineResult:
    """The same, with each job's log in another folder; without one where it can't be written.

    Args:
        result: what came of a pipeline; the logs have no secrets.
        folder: takes a file for each job, by the numbers of block and job: "2.1-Deploy-Deploy.txt".
    """

    def keep(place: str, block: str, job: JobResult) -> JobResult:
        if job.log is None or not job.log.is_file():
            return replace(job, log=None)
        name = re.sub(r"[^A-Za-z0-9.=-]+", "-", f"{place}-{block}-{job.name}")[:SHOWN]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return replace(job, log=Path(shutil.copy(job.log, folder / f"{name}.txt")))
        except OSError:
            return replace(job, log=None)

    blocks = tuple(
        replace(
            block,
            jobs=tuple(
                keep(f"{number}.{n}", block.name, job) for n, job in enumerate(block.jobs, 1)
            ),
        )
        for number, block in enumerate(result.blocks, 1)
    )
    after = tuple(keep(f"after.{number}", "", job) for number, job in enumerate(result.after, 1))
    return replace(result, blocks=blocks, after=after)
