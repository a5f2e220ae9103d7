"""What migrates in manifests: a Job of its own, filled in as the template is; init containers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.manifests.documents import Document, Fault, Source
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.templates import Script, fill

# What makes a Job one of Helm's hooks, and the phases in which a version comes.
HOOK = "helm.sh/hook"
VERSION_PHASES = ("pre-install", "post-install", "pre-upgrade", "post-upgrade")


def render_job(source: Source, script: Script, given: Given) -> Rendered:
    """A Job's manifest with its variables' values, and the words that the script replaces.

    Args:
        source: the manifest.
        script: what fills in the Deployment's template.
        given: the values.
    """
    filled = fill(source, script, given)
    rendered = Rendered(parse(source, filled.text, filled.origin), filled)
    words = [
        (word, argument)
        for job in jobs(rendered)
        for word, argument in _words(job)
        if word != given.argument(argument) and script.replaces(word, argument)
    ]
    for word, argument in words:
        filled.text = re.sub(
            rf"(?<!\w){re.escape(word)}(?!\w)", given.argument(argument), filled.text
        )
    return Rendered(parse(source, filled.text, filled.origin), filled) if words else rendered


def _words(job: Document) -> Iterator[tuple[str, int]]:
    if job.name:
        yield job.name, 2
    for _, container in job.tables("spec", "template", "spec", "containers"):
        if isinstance(container.get("image"), str) and container["image"]:
            yield container["image"], 4


def init_containers(document: Document) -> Iterator[dict[str, Any]]:
    """The containers of an object's pods that end before the others begin."""
    for _, container in document.tables("spec", "template", "spec", "initContainers"):
        if container.get("restartPolicy") != "Always" and isinstance(container.get("name"), str):
            yield container


def is_hook(document: Document) -> bool:
    """Whether Helm runs it as a hook, at whatever time."""
    return HOOK in document.table("metadata", "annotations")


def hook_phases(job: Document) -> list[str]:
    """When Helm runs it as a hook, "pre-upgrade" and the like; empty where it is none."""
    return phases(job.table("metadata"))


def phases(metadata: Mapping[str, Any]) -> list[str]:
    """The same of an object's metadata, be it in a manifest or on a cluster."""
    annotations = metadata.get("annotations")
    told = annotations.get(HOOK) if isinstance(annotations, dict) else None
    return [each.strip() for each in told.split(",")] if isinstance(told, str) else []


def runs_with_a_version(job: Document) -> bool:
    """Whether Helm runs it as a hook of an install or an upgrade, and not of a test or an end."""
    return job.kind == "Job" and any(each in VERSION_PHASES for each in hook_phases(job))


def same_job(one: str, other: str) -> bool:
    """Whether two names are one Job's: a chart may put a release's revision into it."""
    return re.sub(r"\d+", "0", one) == re.sub(r"\d+", "0", other)


def job_containers(job: Document) -> Iterator[dict[str, Any]]:
    """The containers of a Job's pods that run until it ends."""
    return (each for _, each in job.tables("spec", "template", "spec", "containers"))


def migrating_containers(document: Document, container: str) -> list[dict[str, Any]]:
    """The init containers that may be the one that migrates.

    Args:
        document: the Deployment.
        container: what it is called; empty for any.
    """
    return [each for each in init_containers(document) if container in ("", each["name"])]


def jobs(rendered: Rendered) -> list[Document]:
    """The Jobs of a manifest."""
    return [each for each in rendered.parsed.documents if each.kind == "Job"]


def job_faults(source: Source, rendered: Rendered) -> Iterator[Fault]:
    """What keeps a manifest from being that of the one Job that migrates."""
    if rendered.parsed.broken:
        return
    found = jobs(rendered)
    if len(found) != 1:
        what = f"{len(found)} Jobs" if found else "no Job"
        sentence = f"{source.shown} has {what}, where one is to migrate"
        yield Fault(source, 1, sentence, "let it have one, or name another file in migration.job")
    for other in rendered.parsed.documents:
        if other.kind != "Job":
            yield other.fault(
                ("kind",),
                f"{other.kind} {other.name} stands beside the Job, and is not applied",
                "put it into the Deployment's template, or the Service's file",
            )
    for job in found:
        if not any(job.tables("spec", "template", "spec", "containers")):
            yield job.fault(("spec",), "the Job has no container", "give its template one")
