"""Rules about what migrates: whether it is there, what it runs, who else reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_canary.core.wording import plural, suggestion
from pytest_canary.manifests.documents import Fault, Place
from pytest_canary.manifests.jobs import (
    hook_phases,
    init_containers,
    job_faults,
    jobs,
    migrating_containers,
)
from pytest_canary.manifests.pods import POD
from pytest_canary.preflight.groups import MIGRATION
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject, Workload, describe


@rule(
    "no-migration",
    "manifests without the one Job, hook or init container that migrates",
    MIGRATION,
    advice="let the file that `migration.job` names hold one Job and nothing else; name the init "
    "container in `migration.container`, the chart's hook in `migration.hook`",
)
def no_migration(subject: Subject) -> Iterator[Fault]:
    """The file that is to hold the Job holds it, and nothing else; the init container is there."""
    if subject.job_file and subject.job:
        yield from job_faults(subject.job_file, subject.job)
    migration = subject.settings.migration
    if migration.among_manifests:
        yield from _job_among_manifests(subject)
    if migration.way == "hook":
        yield from _hook(subject)
    for workload in subject.workloads.values() if migration.way == "init-container" else ():
        deployment, name = workload.deployment, migration.container or ""
        if len(migrating_containers(deployment, name)) != 1:
            listed = [str(each["name"]) for each in init_containers(deployment)]
            fix = suggestion(name, listed, "put it there, or name it in migration.container")
            what = (
                f"no init container {name}" if name else f"{plural(len(listed), 'init container')}"
            )
            yield deployment.fault(
                (*POD, "initContainers"),
                f"{workload.given.deployment} has {what}, where one is to migrate",
                fix
                if name
                else "name the one that migrates in migration.container"
                if listed
                else "put it there, or say in migration.by what migrates",
            )


def _job_among_manifests(subject: Subject) -> Iterator[Fault]:
    # What a tool makes comes of more than one file.
    where = f"{subject.source.shown} has" if subject.scripted else "the objects have"
    made = subject.rendered.values() if subject.scripted else [subject.job] if subject.job else []
    for rendered in made:
        count = len(jobs(rendered))
        if count != 1 and not rendered.parsed.broken:
            sentence = f"{where} {plural(count, 'Job')}, where one is to migrate"
            fix = "name the manifest of the one that does in migration.job"
            yield Fault(subject.source, 1, sentence, fix)


def _hook(subject: Subject) -> Iterator[Fault]:
    found = jobs(subject.job) if subject.job else []
    wanted = subject.settings.migration.hook
    if len(found) != 1:
        count = plural(len(found), "Job")
        called = f" called {wanted}" if wanted else ""
        yield Fault(
            subject.source,
            1,
            f"the chart has {count}{called} that Helm runs at an install or an upgrade, where one "
            "is to migrate",
            "name the one that does in migration.hook",
        )
        return
    told = ", ".join(hook_phases(found[0]))
    for when in ("install", "upgrade"):
        if when not in told:
            yield found[0].fault(
                ("metadata", "annotations"),
                f"Job {found[0].name} is a hook of {told}, so that no {when} migrates",
                "let helm.sh/hook be pre-install,pre-upgrade",
            )


@rule(
    "other-migration",
    "a migration by another image than the one that is released",
    MIGRATION,
    advice="let the `image` of the Job or the init container be the variable that `apply.sh` fills "
    "in, where that image has the migrations",
    level="warning",
)
def other_migration(subject: Subject) -> Iterator[Fault]:
    """The migrations are those of the version that is released."""
    fix = f"write image: ${subject.script.variable(4)}, where the image has the migrations"
    if not subject.scripted and subject.job_file is None:
        fix = "let it run the app's image, where that has the migrations"
    for workload, containers in _migrating_containers(subject):
        if workload.given.image not in [each.get("image") for _, each in containers]:
            place, container = containers[-1]
            yield workload.deployment.fault(
                (*place, "image"),
                f"{container.get('name')} migrates by {container.get('image')}, whatever version "
                "is released, so baseline and candidate migrate alike",
                fix,
            )


def _migrating_containers(
    subject: Subject,
) -> Iterator[tuple[Workload, list[tuple[Place, dict[str, Any]]]]]:
    """What migrates: the Job with all its containers, or the Deployments with the one."""
    for workload in _jobs(subject):
        containers = list(workload.all_containers())
        if containers:
            yield workload, containers
    migration = subject.settings.migration
    for workload in subject.workloads.values() if migration.way == "init-container" else ():
        image = workload.given.image
        if not any(each.get("image") == image for _, each in workload.all_containers()):
            continue  # it does not run the version at all, which another rule tells
        found = migrating_containers(workload.deployment, migration.container or "")
        yield from (
            (workload, [(place, container)])
            for place, container in workload.all_containers()
            if container in found[:1]
        )


@rule(
    "selects-migration",
    "a Service that sends requests to the Job that migrates",
    MIGRATION,
    advice="give the Job's pods labels that the Service does not select",
    level="warning",
)
def selects_migration(subject: Subject) -> Iterator[Fault]:
    """The Service leaves the Job's pods alone, which answer nobody."""
    service = subject.service()
    selector = service.table("spec", "selector") if service else {}
    for workload in _jobs(subject) if selector else ():
        labels = workload.labels
        if all(labels.get(key) == value for key, value in selector.items()):
            yield workload.deployment.fault(
                (*POD[:-1], "metadata", "labels"),
                f"Service {subject.settings.service_name} selects the pods of Job "
                f"{workload.deployment.name} too, by {describe(selector)}, and sends them requests",
                "give the Job's pods other labels",
            )


def _jobs(subject: Subject) -> Iterator[Workload]:
    """The Jobs that migrate."""
    if subject.settings.migration.way in ("job", "hook"):
        yield from (each for each in subject.pods() if each.deployment.kind == "Job")
