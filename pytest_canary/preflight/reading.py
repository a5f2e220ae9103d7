"""Reads what the rules look at: a plan's objects as they were made for it, and its pipelines."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.config.track_deployments import TrackDeployment, track_deployments
from pytest_canary.database import deployment as database
from pytest_canary.manifests.documents import Fault, Source, read
from pytest_canary.manifests.jobs import render_job
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.schema import KubernetesSchema
from pytest_canary.manifests.templates import comment_at, names
from pytest_canary.manifests.version import apply_environment
from pytest_canary.preflight.subject import Node, Subject, Workload
from pytest_canary.rendering.renderings import Candidate

if TYPE_CHECKING:
    from pytest_canary.pipelines.variables import Provided


def read_subject(
    plan: Plan, root: Path, schema: KubernetesSchema, node: Node, candidate: Candidate
) -> tuple[Subject, str]:
    """Read what the rules look at.

    Args:
        plan: what is going to be released, and where.
        root: the folder that paths are told from.
        schema: of the cluster's version.
        node: what a kind cluster would run on.
        candidate: the candidate's objects.

    Returns:
        The subject; why the template can't be judged, empty where it can.
    """
    settings = plan.settings
    asked, renderings = candidate.asked, candidate.made
    foreign = renderings.foreign
    made = {} if foreign else renderings.tracks
    definitions, prerequisites = candidate.definitions, candidate.prerequisites
    job_file = read(settings.files.job, root) if settings.files.job else None
    job = None
    if job_file and not foreign:
        job = render_job(job_file, renderings.script, next(iter(asked.values())))
    elif candidate.jobs is not None:
        job = Rendered(Parsed([*candidate.jobs], [each.value for each in candidate.jobs]))
    applied = renderings.shared
    if job and settings.migration.way == "hook":
        # Which has it too, and it is looked at once.
        others = [each for each in applied.documents if (each.kind, each.name) not in job.names]
        applied = Parsed(others, [each.value for each in others], applied.faults)
    subject = Subject(
        settings=settings,
        root=root,
        source=renderings.source,
        script=renderings.script,
        rendered=made,
        workloads={
            track: Workload(asked[track], rendered, deployment)
            for track, rendered in made.items()
            if (deployment := rendered.deployment(asked[track].deployment))
        },
        service_file=candidate.service_source,
        applied=applied,
        schema=schema.with_definitions([*prerequisites.documents, *definitions]),
        database_secret=database.SECRET,
        parameters=frozenset(parameters(settings)),
        node=None if plan.options.context else node,
        namespace=plan.options.namespace or "",
        job_file=job_file,
        job=job,
        prerequisites=prerequisites,
        definitions=definitions,
        uncompared=candidate.uncompared,
    )
    subject = replace(subject, pipelines=_pipeline_faults(plan, root, subject))
    if candidate.live:
        # Where there is nothing to compare, a check has no time for it.
        from pytest_canary.preflight.comparing import compare

        both = compare(plan.baseline.name, subject, renderings, candidate.live)
        subject = replace(subject, live=both.live, made=both.made, uncompared=both.lacking)
    return subject, foreign


def _pipeline_faults(plan: Plan, root: Path, subject: Subject) -> tuple[Fault, ...]:
    if plan.pipeline is None:
        return ()
    # Most projects name none, and a check of the manifests has no time for it.
    from pytest_canary.pipelines.kinds import kind_of
    from pytest_canary.pipelines.uses import Program
    from pytest_canary.pipelines.variables import Provided

    # Of GitLab's files, one that is called as a variable is one.
    elsewhere = kind_of(plan.pipeline) != "Semaphore"
    described = plan.settings.pipeline
    provided = Provided(
        secrets={
            name: (*each.variables, *each.files) if elsewhere else each.variables
            for name, each in described.secrets.items()
        },
        variables=described.variables,
        programs=(
            Program(subject.script.name, subject.source.path.name, _needed_variables(subject)),
        )
        if subject.scripted
        else (),
    )
    if elsewhere:
        return _faults_elsewhere(plan, plan.pipeline, root, provided)
    from pytest_canary.pipelines.review import review
    from pytest_canary.pipelines.workflow import read_workflow

    return tuple(review(read_workflow(plan.pipeline, root), provided))


def _faults_elsewhere(
    plan: Plan, pipeline: Path, root: Path, provided: Provided
) -> tuple[Fault, ...]:
    """What is wrong with a file of GitHub's or GitLab's."""
    from pytest_canary.pipelines.faults import MALFORMED
    from pytest_canary.services.reading import run_inputs_of
    from pytest_canary.services.runnable import faults_of

    try:
        source, wanted = read(pipeline, root), run_inputs_of(plan.settings.pipeline)
        return tuple(faults_of(source, wanted, provided))
    except OSError as error:
        source = Source(pipeline, Path(os.path.relpath(pipeline, root)).as_posix(), "")
        why = f"it can't be read: {error.strerror}"
        return (Fault(source, 1, why, "let it be read", MALFORMED),)


def _needed_variables(subject: Subject) -> frozenset[str]:
    """The variables of the template that only who runs the script can set."""
    if not subject.rendered:
        return frozenset()
    lines = (line[: comment_at(line)] for line in subject.source.text.splitlines())
    script = subject.script
    return frozenset(
        name
        for name in names("\n".join(lines)) - {*script.arguments}
        if not script.mentions(name) and (script.fills is None or name in script.fills)
    )


def asked_of(plan: Plan) -> dict[str, Given]:
    """What each track's objects are made for; of a track without replicas, nothing is made."""
    deployments = track_deployments(plan.settings)
    return {track: _given_for(plan, each) for track, each in deployments.items() if each.replicas}


def _given_for(plan: Plan, wanted: TrackDeployment) -> Given:
    """What a track's objects are made for."""
    settings = plan.settings
    registry = f"{plan.options.pull_registry}/" if plan.options.pull_registry else ""
    return Given(
        deployment=wanted.name,
        replicas=wanted.replicas,
        # A walk names every image by its content.
        image=f"{registry}{settings.name}:0123456789ab-0a1b2c",
        environment=apply_environment(
            settings.environment,
            parameters(settings),
            settings.deadlines.rollout,
            kubeconfig="kubeconfig",
            home="home",
        ),
    )


def parameters(settings: Settings) -> dict[str, str]:
    """The database's six variables, with words in the place of the password."""
    if settings.database.image == "none":
        return {}
    return database.parameters(settings.database) | {
        database.PASSWORD_VARIABLE: "a-made-up-password"
    }


def this_machine() -> Node:
    """What a kind node has: all of the machine that it runs on.

    Where the engine has a virtual machine, that is more than it has, and never less.
    """
    if os.environ.get("DOCKER_HOST", "").startswith(("tcp:", "ssh:", "http")):
        return Node(cpus=None, memory=None)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not everywhere
        memory = 0
    return Node(cpus=os.cpu_count(), memory=memory if memory > 0 else None)
