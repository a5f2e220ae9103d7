"""Makes all that a check of the candidate's manifests looks at: its objects, and the baseline's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_canary.config.plan import Plan
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.documents import Document
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.version import STABLE
from pytest_canary.rendering.prerequisites import read_prerequisites
from pytest_canary.rendering.renderer import Renderer
from pytest_canary.rendering.renderers import renderer_of
from pytest_canary.rendering.renderings import Candidate, renderings_of


def render_candidate(
    plan: Plan, root: Path, asked: Mapping[str, Given], processes: Processes
) -> Candidate:
    """Make the candidate's objects, and the baseline's where it has manifests of its own.

    Args:
        plan: what is going to be released, and where.
        root: the folder that paths are told from.
        asked: what each track's objects are made for.
        processes: run the tools that make them, and git.

    Raises:
        ReleaseError: the tool that makes the candidate's fails; with what it says.
    """
    renderer = renderer_of(plan, root, processes=processes)
    made = renderings_of(renderer, asked, asked[STABLE].image)
    live, uncompared = None, ""
    if plan.compares:
        # Where there is nothing to compare, a check has no time for it.
        from pytest_canary.rendering.committed import live_renderings

        live, uncompared = live_renderings(plan, root, renderer, asked[STABLE], processes)
    return Candidate(
        asked=asked,
        made=made,
        service_source=renderer.service_source(),
        prerequisites=read_prerequisites(plan.settings.files.prerequisites, root).parsed,
        definitions=tuple(renderer.definitions()),
        jobs=_jobs(plan, renderer, next(iter(asked.values()))),
        notes=tuple(renderer.notes()),
        live=live,
        uncompared=uncompared,
    )


def _jobs(plan: Plan, renderer: Renderer, given: Given) -> tuple[Document, ...] | None:
    migration, scripted = plan.settings.migration, plan.settings.files.apply is not None
    if migration.way == "hook" or (migration.among_manifests and not scripted):
        return tuple(renderer.jobs(given))
    return None
