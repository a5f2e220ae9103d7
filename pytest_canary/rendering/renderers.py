"""Which renderer makes the objects of a project's files."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_canary.config import chart_values
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Files, Settings
from pytest_canary.core.processes import Processes
from pytest_canary.rendering.apply_script import ApplyScript
from pytest_canary.rendering.derived import Derived
from pytest_canary.rendering.helm import HelmChart
from pytest_canary.rendering.kustomize import build_objects
from pytest_canary.rendering.object_set import ObjectSet
from pytest_canary.rendering.plain import read_objects
from pytest_canary.rendering.renderer import Renderer


def renderer_of(
    plan: Plan, root: Path, files: Files | None = None, processes: Processes | None = None
) -> Renderer:
    """The renderer that files are meant for.

    Args:
        plan: what is going to be released, and where.
        root: the folder that paths are told from.
        files: those of another of the project's revisions; None for the project's.
        processes: run the tool that makes the objects, where one does.

    Raises:
        ReleaseError: that tool fails; with what it says.
    """
    files = files or plan.settings.files
    if files.apply:
        return ApplyScript(files.deployment, files.service, files.apply, root)
    settings = plan.settings
    if files.renderer == "helm":
        return chart_of(settings, root, files, processes)
    return Derived(
        objects_of(files, root, plan.options.kubectl, processes),
        settings.name,
        settings.service_name,
        settings.manifests.container,
        own_cluster=plan.options.context is None,
        migration=settings.migration,
    )


def chart_of(
    settings: Settings, root: Path, files: Files, processes: Processes | None = None
) -> HelmChart:
    """The renderer of a chart.

    Args:
        settings: say what is set in it.
        root: the folder that paths are told from.
        files: the chart, and its files of values.
        processes: run `helm template`.
    """
    manifests = settings.manifests
    return HelmChart(
        files.sources[0],
        files.values,
        chart_values.templates(
            manifests.set_,
            manifests.releases,
            alone=not settings.replicas.canary and not _has_tracks(files.sources[0]),
        ),
        manifests.releases,
        settings.name,
        settings.service_name,
        root,
        settings.migration.hook or "",
        processes or Processes(),
    )


def _has_tracks(chart: Path) -> bool:
    """Whether a chart's values have a table of stable's own."""
    values = chart / "values.yaml"
    text = values.read_text(errors="replace") if values.is_file() else ""
    return re.search(r"^stable:", text, re.MULTILINE) is not None


def objects_of(
    files: Files, root: Path, kubectl: Path | None = None, processes: Processes | None = None
) -> ObjectSet:
    """What a tool makes of files, before it is made for a track.

    Args:
        files: what it makes it of.
        root: the folder that paths are told from.
        kubectl: the program; None for the one on PATH.
        processes: run it.

    Raises:
        ReleaseError: the tool fails; with what it says.
    """
    if files.renderer == "kustomize":
        return build_objects(files.sources[0], root, kubectl, processes)
    return read_objects(files.sources, root)
