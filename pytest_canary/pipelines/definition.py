"""What a pipeline runs: its blocks and their jobs, each with all that it gets from above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_canary.manifests.documents import Source

ENDS = ("always", "on_pass", "on_fail")
"""When the commands of an epilogue run, in this order: always, and by how the job ended."""


@dataclass(frozen=True)
class Command:
    """One command, which a job's shell is given as it is.

    Attributes:
        source: the file that has it: the pipeline's, or one that this names.
        line: where it begins there.
    """

    text: str
    source: Source
    line: int


@dataclass(frozen=True)
class Secret:
    """A secret that a job is given.

    Attributes:
        source: the file that names it.
        line: where it stands there.
        variables: those that the pipeline takes from it; none where it takes what there is.
    """

    name: str
    source: Source
    line: int
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes:
        name: empty where it has none.
        line: where it begins in its file.
        machine: the type of the machine that it runs on.
        container: whether it runs in a container, whose image has variables of its own.
        prologue: the commands before its own, of the pipeline and then of its task.
        commands: its own; one shell runs them all.
        epilogue: the commands after those, by when they run: see `ENDS`.
        complete: whether all its commands are known here.
        variables: what pipeline, task and job set, the nearer over the farther.
        matrix: the variables that have another value in each of the jobs that it stands for; the
            values, none where an expression makes them.
        tokens: the variables of its OIDC tokens.
        secrets: those it is given, the later ones over the earlier.
    """

    name: str
    line: int
    machine: str
    container: bool
    prologue: tuple[Command, ...]
    commands: tuple[Command, ...]
    epilogue: Mapping[str, tuple[Command, ...]]
    complete: bool
    variables: Mapping[str, str]
    matrix: Mapping[str, tuple[str, ...]]
    tokens: tuple[str, ...]
    secrets: tuple[Secret, ...]


@dataclass(frozen=True)
class Block:
    """Jobs that run at once.

    Attributes:
        name: empty where it has none.
        line: where it begins in its file.
    """

    name: str
    line: int
    jobs: tuple[Job, ...]
