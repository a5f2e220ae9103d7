"""One job, and all that it takes to run it; what runs it is the service's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.core.measuring import Measure
from pytest_canary.core.processes import Processes
from pytest_canary.jobs.definition import Definition, Job
from pytest_canary.jobs.environment import HOME, Secret, Workflow
from pytest_canary.jobs.job_log import Heard
from pytest_canary.jobs.order import End, Reason
from pytest_canary.jobs.programs import Programs
from pytest_canary.jobs.results import JobResult


@dataclass(frozen=True)
class Assignment:
    """One job that is to be run.

    Attributes:
        workflow: what its pipeline runs for.
        definition: its pipeline.
        block: its block's name; empty for a job after the pipeline.
        job: what it is to do.
        ends: how the blocks have ended that have.
        secrets: those that there are, by name.
        watched: what is looked for in all that it prints and calls.
        folder: its own, which is there, its home and its folder for temporary files in it.
        processes: those of the run.
        programs: what it may call.
        heard: told each line that it prints.
        why_stop: why it is to be stopped now; empty while it may go on.
        measure: measures each command.
        more: what it knows beside its variables.
    """

    workflow: Workflow
    definition: Definition
    block: str
    job: Job
    ends: Mapping[str, End]
    secrets: Mapping[str, Secret]
    watched: Sequence[Secret]
    folder: Path
    processes: Processes
    programs: Programs
    heard: Heard
    why_stop: Callable[[], Reason]
    measure: Measure
    more: Mapping[str, str]

    @property
    def home(self) -> Path:
        """Where it is at home."""
        return self.folder / HOME


RunJob = Callable[[Assignment], JobResult]
"""Runs a job to its end, as a service does.

Raises:
    CommandError: there is no shell for it.
    WaitTimeoutError: its shell does not begin.
"""
