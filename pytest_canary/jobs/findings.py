"""What is wrong with a pipeline, beside whether it passed; pure.

Rules: refused-program, printed-secret, secret-argument.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import cut
from pytest_canary.jobs.calls import Call
from pytest_canary.jobs.results import CommandResult, PipelineResult

# Letters of a command that are shown in a sentence.
SHOWN = 120


def findings(result: PipelineResult) -> list[Finding]:
    """Each once for a command, in the order in which they came up."""
    found = [each for where, command in _commands(result) for each in _of(where, command)]
    return list(dict.fromkeys(found))


def _commands(result: PipelineResult) -> Iterator[tuple[str, CommandResult]]:
    places = [(f"block {b.name}, job {j.name}", j) for b in result.blocks for j in b.jobs]
    places += [(f"after the pipeline, job {job.name}", job) for job in result.after]
    for where, job in places:
        for command in job.commands:
            yield f"pipeline {result.name}, {where}", command


def _of(where: str, command: CommandResult) -> Iterator[Finding]:
    text = cut(command.text.strip().splitlines()[0] if command.text.strip() else "", SHOWN)
    for call in command.refused:
        yield Finding(
            "refused-program",
            f"`{text}` calls `{_typed(call)}`, which a rehearsal does not run: {call.why}",
            where,
            f"it ended with code {command.code}",
        )
    if command.printed:
        yield Finding(
            "printed-secret",
            f"`{text}` prints the value of {' and of '.join(command.printed)}, "
            "which stays in the log of every job that runs it",
            where,
            next="let it print no rendered manifest, no object that holds the value and no command "
            "as it runs it (tee, describe, set -x), and change what has been printed",
            level="warning",
        )
    for call in command.calls:
        if call.secrets:
            yield Finding(
                "secret-argument",
                f"`{text}` hands the value of {' and of '.join(call.secrets)} to {call.program} as "
                "an argument, which every process on the machine can read while it runs",
                where,
                f"as `{_typed(call)}`",
                next="hand it over by standard input, a file or a variable: docker login "
                "--password-stdin",
                level="warning",
            )


def _typed(call: Call) -> str:
    return cut(shlex.join([call.program, *call.arguments]), SHOWN)
