"""Reads what is compared: what the manifests of the baseline make, and what the candidate's do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_canary.changes.version_objects import VersionObjects, once
from pytest_canary.config.git import complaint
from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import CommandError, ReleaseError
from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.version import STABLE
from pytest_canary.preflight.subject import Subject
from pytest_canary.rendering.committed import Committed, committed_baseline
from pytest_canary.rendering.renderer import Renderer

# An image of the baseline's, told from the candidate's as a walk's are.
IMAGE = "fedcba987654-9f8e7d"


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


def compared(
    plan: Plan, root: Path, subject: Subject, asked: Mapping[str, Given], renderer: Renderer
) -> Compared:
    """Make the baseline's objects as the candidate's are made, and put them beside each other.

    Args:
        plan: tells the baseline.
        root: the folder that paths are told from.
        subject: the candidate's.
        asked: what each track's objects are made for.
        renderer: makes the candidate's objects.
    """
    if plan.uncompared:
        return Compared(lacking=plan.uncompared)
    commit, name = plan.baseline.commit, plan.baseline.name
    if commit is None:
        return Compared()
    try:
        with committed_baseline(plan, commit, root) as baseline:
            if _alike(renderer, baseline.renderer):
                return Compared()
            live = _live(name, subject, baseline, asked[STABLE])
    except CommandError as error:
        return Compared(lacking=f"{name} can't be read: {complaint(error)}")
    except ReleaseError as error:
        return Compared(lacking=f"{name} can't be compared: {error.sentence}")
    made = _objects_of(
        "this version",
        subject,
        renderer,
        subject.source,
        subject.rendered,
        subject.applied,
        tuple(asked),
    )
    if isinstance(made, str) or isinstance(live, str):
        return Compared(lacking=made if isinstance(made, str) else str(live))
    return Compared(live, made)


def _alike(one: Renderer, other: Renderer) -> bool:
    """Whether both versions' manifests are the same, so that nothing can change but the image."""
    # Of what holds an image, a Job alone can't be given another.
    return one.fingerprint() == other.fingerprint() and "Job" not in one.text()


def _live(name: str, subject: Subject, baseline: Committed, asked: Given) -> VersionObjects | str:
    """What the baseline's files make; or why that can't be told."""
    renderer = baseline.renderer
    given = replace(asked, image=f"{asked.image.rpartition(':')[0]}:{IMAGE}")
    rendered, shared = renderer.render(given), renderer.shared(given.image)
    if rendered.foreign:
        return f"in {name}, {rendered.foreign}"
    for parsed in (rendered.parsed, shared):
        parsed.documents = baseline.traced(parsed.documents)
    source = baseline.in_revision(renderer.deployment_source())
    return _objects_of(name, subject, renderer, source, {STABLE: rendered}, shared, (STABLE,))


def _objects_of(
    title: str,
    subject: Subject,
    renderer: Renderer,
    template: Source,
    rendered: Mapping[str, Rendered],
    applied: Parsed,
    tracks: Iterable[str],
) -> VersionObjects | str:
    """What a version's files make; or why that can't be told."""
    foreign = next((each.foreign for each in rendered.values() if each.foreign), "")
    if foreign or not rendered:
        return foreign or f"{template.shown} can't be judged"
    if applied.broken or any(each.parsed.broken for each in rendered.values()):
        return f"the manifests of {title} can't be read"
    settings = subject.settings
    stable = rendered[STABLE].deployment(settings.deployment_name(STABLE))
    if stable is None:
        return f"{template.shown} has no Deployment to look at"
    documents = [*applied.documents, *(d for t in tracks for d in rendered[t].parsed.documents)]
    # What both tracks have comes from the one that is applied first.
    objects = once(documents)
    secret = ("Secret", subject.database_secret)
    return VersionObjects(
        title=title,
        objects=tuple(objects.values()),
        stable=stable,
        service=objects.get(("Service", settings.service_name)),
        template=template,
        script=renderer.script(),
        blurred=frozenset(line for each in rendered.values() for line in each.filled.lines),
        given={secret: subject.parameters} if subject.parameters else {},
        deletes=renderer.deletes,
    )
