"""Puts beside each other what the manifests of the baseline make, and what the candidate's do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_canary.changes.version_objects import VersionObjects, once
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.rendered import Rendered
from pytest_canary.manifests.version import STABLE
from pytest_canary.preflight.subject import Subject
from pytest_canary.rendering.renderings import Renderings


@dataclass(frozen=True)
class Compared:
    """The two versions.

    Attributes:
        live: what the baseline's manifests make; None where they are not compared.
        made: what the candidate's make.
        lacking: why they can't be compared; empty where they can, or need not be.
    """

    live: VersionObjects | None = None
    made: VersionObjects | None = None
    lacking: str = ""


def compare(name: str, subject: Subject, candidates: Renderings, baselines: Renderings) -> Compared:
    """Both versions' objects, as they are compared.

    Args:
        name: what the baseline is called in front of a person.
        subject: the candidate's.
        candidates: what its manifests make.
        baselines: what the baseline's make.
    """
    made = _objects_of("this version", subject, candidates, subject.rendered, subject.applied)
    if isinstance(made, str):
        return Compared(lacking=made)
    if baselines.foreign:
        return Compared(lacking=f"in {name}, {baselines.foreign}")
    live = _objects_of(name, subject, baselines, baselines.tracks, baselines.shared)
    if isinstance(live, str):
        return Compared(lacking=live)
    return Compared(live, made)


def _objects_of(
    title: str,
    subject: Subject,
    version: Renderings,
    rendered: Mapping[str, Rendered],
    applied: Parsed,
) -> VersionObjects | str:
    """What a version's files make; or why that can't be told."""
    template = version.source
    if not rendered:
        return f"{template.shown} can't be judged"
    if applied.broken or any(each.parsed.broken for each in rendered.values()):
        return f"the manifests of {title} can't be read"
    settings = subject.settings
    stable = rendered[STABLE].deployment(settings.deployment_name(STABLE))
    if stable is None:
        return f"{template.shown} has no Deployment to look at"
    documents = [*applied.documents, *(d for r in rendered.values() for d in r.parsed.documents)]
    # What both tracks have comes from the one that is applied first.
    objects = once(documents)
    secret = ("Secret", subject.database_secret)
    return VersionObjects(
        title=title,
        objects=tuple(objects.values()),
        stable=stable,
        service=objects.get(("Service", settings.service_name)),
        template=template,
        script=version.script,
        blurred=frozenset(line for each in rendered.values() for line in each.filled.lines),
        given={secret: subject.parameters} if subject.parameters else {},
        deletes=version.deletes,
    )
