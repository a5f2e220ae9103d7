"""What a workflow's pipelines bring along, and others of them lack."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.core.wording import nearest
from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines.definition import Command
from pytest_canary.pipelines.pipeline import Pipeline
from pytest_canary.pipelines.promoting import rolls_back
from pytest_canary.pipelines.workflow import Workflow

# What kubectl runs by itself to log in to a cluster; a machine has none unless its image does.
# https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
_LOGINS = re.compile(r"\b(aws-iam-authenticator|gke-gcloud-auth-plugin|kubelogin)\b")
_INSTALLS = re.compile(r"\b(install|curl|wget|brew|snap)\b")
_ASKS = re.compile(r"\b(kubectl|helm)\s")

_CACHE = re.compile(r"--cache-from[= ]+[\"']?(?:type=registry,ref=)?([^\s\"',]+)")
_MADE = re.compile(
    r"\bdocker(?:\s+image)?\s+(?:pull|push|tag)\s+([^;&|]+)|\s(?:-t|--tag)[= ]+([^\s;&|]+)"
)


def unequipped_rollbacks(workflow: Workflow) -> Iterator[Fault]:
    """Rollbacks that don't install what the pipelines before them log in to the cluster with."""
    for pipeline in workflow.pipelines:
        for each in pipeline.promotions:
            target = workflow.target(each)
            if target is None or not rolls_back(each, workflow):
                continue
            asks = [command for command in _commands(target) if _ASKS.search(command.text)]
            for name in (
                sorted(_installed_programs(pipeline) - _installed_programs(target)) if asks else ()
            ):
                yield Fault(
                    asks[0].source,
                    asks[0].line,
                    f"nothing here installs {name}, by which kubectl logs in to the cluster after "
                    f"{pipeline.source.shown} has installed it: unless the machine's image has it, "
                    "the rollback can't reach the cluster",
                    "install it as there",
                )


def misspelt_caches(workflow: Workflow) -> Iterator[Fault]:
    """Images whose layers a build is to take, and that nothing pulls, pushes or names so."""
    commands = [each for pipeline in workflow.pipelines for each in _commands(pipeline)]
    known = {
        _repository(word)
        for command in commands
        for found in _MADE.finditer(command.text)
        for word in (found[1] or found[2]).split()
        if not word.startswith("-")
    }
    told = set()
    for command in commands:
        for found in _CACHE.finditer(command.text):
            name = _repository(found[1])
            near = nearest(name, known)
            if name not in known and near and name not in told:
                told.add(name)
                lines = range(command.line, command.line + command.text.count("\n") + 2)
                here = (n for n in lines if name in command.source.line(n))
                yield Fault(
                    command.source,
                    next(here, command.line),
                    f"--cache-from {name}: no pipeline pulls, pushes or names such an image, so "
                    "that each build begins anew",
                    f"did you mean {near}?",
                )


def _commands(pipeline: Pipeline) -> Iterator[Command]:
    for job in pipeline.jobs():
        yield from job.prologue
        yield from job.commands


def _installed_programs(pipeline: Pipeline) -> set[str]:
    return {
        found[1]
        for command in _commands(pipeline)
        if _INSTALLS.search(command.text)
        for found in _LOGINS.finditer(command.text)
    }


def _repository(name: str) -> str:
    """An image's name without its tag, which may be a variable's value."""
    folder, slash, last = name.strip("\"'").rpartition("/")
    return f"{folder}{slash}{last.split(':')[0]}"
