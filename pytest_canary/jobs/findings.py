"""What is wrong with a pipeline, beside whether it passed; pure.

Rules: refused-program, printed-secret, secret-argument.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import cut, plural
from pytest_canary.jobs.calls import Call
from pytest_canary.jobs.results import CommandResult, PipelineResult

# Letters of a command that are shown in a sentence.
SHOWN = 120
# Jobs that are named with a finding; of more their number is told.
NAMED = 3

# How a program takes what is no argument, as its own help says; by it and its first word.
UNSEEN: dict[tuple[str, ...], str] = {
    ("docker", "login"): "by standard input: docker login --password-stdin",
    ("doctl", "auth"): "in DIGITALOCEAN_ACCESS_TOKEN, which doctl reads without `auth init`",
    ("aws", "configure"): "in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which aws reads itself",
    ("gcloud", "auth"): "in a file: gcloud auth activate-service-account --key-file",
}


def findings(result: PipelineResult) -> list[Finding]:
    """Each once for a command, with the jobs that run it, in the order in which they came up."""
    places: dict[Finding, list[str]] = {}
    for job, command in _commands(result):
        for each in _of(command):
            jobs = places.setdefault(each, [])
            if job not in jobs:
                jobs.append(job)
    return [
        replace(each, where=f"pipeline {result.name}, {_several(jobs)}")
        for each, jobs in places.items()
    ]


def _several(jobs: Sequence[str]) -> str:
    left_out = len(jobs) - NAMED
    more = [f"and {plural(left_out, 'more job')}"] if left_out > 0 else []
    return "; ".join([*jobs[:NAMED], *more])


def _commands(result: PipelineResult) -> Iterator[tuple[str, CommandResult]]:
    jobs = [(f"block {b.name}, job {j.name}", j) for b in result.blocks for j in b.jobs]
    jobs += [(f"after the pipeline, job {job.name}", job) for job in result.after]
    for name, job in jobs:
        for command in job.commands:
            yield name, command


def _of(command: CommandResult) -> Iterator[Finding]:
    text = cut(command.text.strip().splitlines()[0] if command.text.strip() else "", SHOWN)
    for call in command.refused:
        yield Finding(
            "refused-program",
            f"`{text}` calls `{_command_line(call)}`, which a rehearsal does not run: {call.why}",
            seen=f"it ended with code {command.code}",
        )
    if command.printed:
        yield Finding(
            "printed-secret",
            f"`{text}` prints the value of {' and of '.join(command.printed)}, "
            "which stays in the log of every job that runs it",
            next="let it print no rendered manifest, no object that holds the value and no command "
            "as it runs it (tee, describe, set -x), and change what has been printed",
            level="warning",
        )
    for call in command.calls:
        if call.secrets:
            asked = (call.program, *call.arguments[:1])
            way = UNSEEN.get(asked, "by standard input, in a file or in a variable")
            yield Finding(
                "secret-argument",
                f"`{text}` hands the value of {' and of '.join(call.secrets)} to {call.program} as "
                "an argument, which every process on the machine can read while it runs",
                seen=f"as `{_command_line(call)}`",
                next=f"hand it over {way}",
                level="warning",
            )


def _command_line(call: Call) -> str:
    return cut(shlex.join([call.program, *call.arguments]), SHOWN)
