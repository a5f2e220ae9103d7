"""Variables that a pipeline's commands use and nothing provides, as far as that can be known."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from pytest_canary.core.wording import cut, did_you_mean
from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines.definition import ENDS, Job, Secret
from pytest_canary.pipelines.pipeline import Pipeline
from pytest_canary.pipelines.shapes import SHOWN
from pytest_canary.pipelines.uses import Program, fault, uses_without_value
from pytest_canary.pipelines.workflow import Workflow

# What a login shell has, and what Semaphore's own machines and toolbox set.
# https://docs.semaphoreci.com/reference/env-vars, and bash(1), "Shell Variables".
GIVEN = re.compile(
    r"_|CI|COLUMNS|COPROC|DEBIAN_FRONTEND|DIRSTACK|DISPLAY|EDITOR|EPOCH(REALTIME|SECONDS)|EUID"
    r"|FUNCNAME|GEM_(HOME|PATH)|GIT_SSH_COMMAND|GO(PATH|ROOT)|GROUPS|HOME|HOST(NAME|TYPE)|IFS"
    r"|LANG|LANGUAGE|LD_LIBRARY_PATH|LINENO|LINES|LOGNAME|MACHTYPE|MAIL|MANPATH|MAPFILE|OLDPWD"
    r"|OPTARG|OPTIND|OSTYPE|PAGER|PATH|PHPRC|PIPESTATUS|PPID|PS[0-4]|PWD|RANDOM|REPLY|SECONDS|SHELL"
    r"|SHELLOPTS|SHLVL|SRANDOM|TERM|TMPDIR|TZ|UID|USER|JAVA_HOME|BASH"
    r"|(SEMAPHORE|SEMANTIC|BASH|LC|XDG|SSH|NVM|RBENV|RVM|PYENV|PHPBREW|KIEX|KERL|SDKMAN|ANDROID"
    r"|CHROME|ERLANG|COMP|READLINE|DBUS|SUDO)_\w+"
)


# What gives a variable its value, and what does where nothing has.
GIVES = "env_vars, secret, matrix, parameter or command before it"
FIX = "set it in env_vars or a secret; where the machine has it, name it in pipeline.variables"

# Variables that are told of a pipeline, and commands that are looked at, those that jobs share once
# for each of them: ten times as many as any has.
MOST, MOST_COMMANDS = 100, 100_000


@dataclass(frozen=True)
class Provided:
    """What is known of a workflow beside its files.

    Attributes:
        secrets: the variables that each gives; one of which nothing is known is not there.
        variables: those that are there without any file saying so.
        programs: those that read variables by themselves.
    """

    secrets: Mapping[str, Collection[str]] = field(default_factory=dict)
    variables: Collection[str] = ()
    programs: Collection[Program] = ()

    def of(self, secret: Secret) -> Collection[str] | None:
        """The variables that a job has of a secret; None where nobody says."""
        return secret.variables or self.secrets.get(secret.name)


def undescribed_secrets(workflow: Workflow, provided: Provided) -> Iterator[Fault]:
    """The secrets that jobs are given and nobody describes; each where it is named first."""
    told = set()
    for pipeline in workflow.pipelines:
        for secret in (each for job in pipeline.jobs() for each in job.secrets):
            if provided.of(secret) is None and secret.name not in told:
                told.add(secret.name)
                name = cut(secret.name, SHOWN)
                table = f'[pipeline.secrets."{name}"]'
                yield Fault(
                    secret.source,
                    secret.line,
                    f"nothing says what secret {name} gives, so that what its jobs lack can't be "
                    "told",
                    did_you_mean(
                        secret.name,
                        provided.secrets,
                        f"name its variables and files, without their values, in {table}",
                    ),
                )


def unprovided_variables(workflow: Workflow, provided: Provided) -> Iterator[Fault]:
    """The variables that have no value where commands use them; each once a pipeline."""
    left = MOST_COMMANDS
    for pipeline in workflow.pipelines:
        told: set[str] = set()
        for job in pipeline.jobs():
            known = _known_variables(job, pipeline, workflow, provided)
            left -= len(job.prologue) + len(job.commands)
            if known is None or left < 0 or len(told) >= MOST:
                continue
            ends = chain(*(job.epilogue[end] for end in ENDS))
            commands = (*job.prologue, *job.commands, *ends)
            for use in uses_without_value(commands, known, provided.programs, GIVEN):
                if use.name not in told:
                    told.add(use.name)
                    yield fault(use, known, GIVES, FIX)


def _known_variables(
    job: Job, pipeline: Pipeline, workflow: Workflow, provided: Provided
) -> set[str] | None:
    """The variables that a job begins with; None where it may have others."""
    promotions = workflow.promotions_to(pipeline)
    given = [provided.of(each) for each in job.secrets]
    # A machine of one's own, a container's image and a deployment target have their own.
    if job.machine.startswith("s1-") or job.container or any(each.target for each in promotions):
        return None
    if not job.complete or None in given:
        return None
    known = {*provided.variables, *job.variables, *job.matrix, *job.tokens}
    known.update(*(each.parameters for each in promotions), *(each or () for each in given))
    return known
