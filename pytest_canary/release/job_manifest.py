"""The Job that migrates, as its manifest has it: read for a version, and made one of the run's."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_canary.core.errors import ReleaseError
from pytest_canary.k8s.objects import Object
from pytest_canary.manifests.documents import read
from pytest_canary.manifests.jobs import job_faults, jobs, render_job
from pytest_canary.manifests.rendered import Given
from pytest_canary.rendering.version import Version


def load_job(
    manifest: Path, version: Version, deployment: str, replicas: int, environment: Mapping[str, str]
) -> Object:
    """The Job of a version, as the API takes it.

    Args:
        manifest: the Job's.
        version: gives the image, and the script that says how variables are filled in.
        deployment: the name of the version's Deployment.
        replicas: how many it has.
        environment: the variables that the script sees.

    Raises:
        ReleaseError: the manifest is not that of one Job, or a variable has no value.
    """
    source = read(manifest, manifest.parent)
    given = Given(deployment, replicas, version.image, environment)
    rendered = render_job(source, version.renderer.script(), given)
    faults = [*rendered.parsed.faults, *job_faults(source, rendered)]
    unset = [use for use in (*rendered.filled.unset, *rendered.filled.unknown) if not use.comment]
    if unset:
        raise ReleaseError(
            f"the Job can't be made of {source.where(unset[0].line)}: ${unset[0].name} has no "
            "value; set it in [environment]"
        )
    if faults:
        first = faults[0]
        raise ReleaseError(
            f"the Job can't be made of {source.where(first.line)}: {first.sentence}; {first.fix}"
        )
    return own(jobs(rendered)[0].value)


def job_among_manifests(
    version: Version, deployment: str, replicas: int, environment: Mapping[str, str]
) -> Object:
    """The Job that stands among a version's manifests.

    Args:
        version: has them.
        deployment: the name of the version's Deployment.
        replicas: how many it has.
        environment: the variables that the script sees.

    Raises:
        ReleaseError: there is none, or more than one.
    """
    given = Given(deployment, replicas, version.image, environment)
    found = version.renderer.jobs(given)
    if len(found) != 1 or not found[0].name:
        raise ReleaseError(
            f"{version.renderer.deployment_source().shown} and what goes with it have "
            f"{len(found)} Jobs, where one with a name is to migrate; name the manifest of the one "
            "that does in migration.job"
        )
    return found[0].value


def hook_of(
    version: Version, deployment: str, replicas: int, environment: Mapping[str, str]
) -> Object:
    """The Job of a version's chart that Helm runs as a hook and that migrates.

    Args:
        version: has the chart.
        deployment: the name of the version's Deployment.
        replicas: how many it has.
        environment: nothing of which reaches a chart.

    Raises:
        ReleaseError: there is none, or more than one that may be.
    """
    found = version.renderer.jobs(Given(deployment, replicas, version.image, environment))
    if len(found) != 1:
        names = ", ".join(each.name for each in found) or "none"
        raise ReleaseError(
            f"which hook of {version.title}'s chart migrates can't be told: of the Jobs that Helm "
            f"runs at an install or an upgrade there are {names}; name one in migration.hook"
        )
    return found[0].value


def own(job: Object) -> Object:
    """A Job as a run makes it: with a name, and there until it was read."""
    made: dict[str, Any] = copy.deepcopy(dict(job))
    metadata = made.setdefault("metadata", {})
    if not metadata.get("name"):
        metadata["name"] = f"{metadata.pop('generateName', 'migrate-')}{secrets.token_hex(3)}"
    made["spec"].pop("ttlSecondsAfterFinished", None)
    return made


def pod_of(job: Object) -> Object:
    """What the Job's pods are made of, as a pod."""
    template = job["spec"]["template"]
    metadata = {"name": job["metadata"]["name"], **(template.get("metadata") or {})}
    return {"metadata": metadata, "spec": template["spec"]}
