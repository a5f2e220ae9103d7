"""The pipeline that is looked at, and what of it, or of what it leads to, a walk runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary.config.options import Options
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.wording import cut
from pytest_canary.pipelines.kinds import kind_of

if TYPE_CHECKING:
    from pytest_canary.pipelines.roles import Roles
    from pytest_canary.pipelines.service_roles import ServiceRoles

# Letters that are shown of a name.
SHOWN = 200


def find_pipeline(settings: Settings, options: Options) -> Path | None:
    """The file; None where nobody names one, be there a `.semaphore/semaphore.yml` or not.

    Raises:
        SettingsError: there is no such file.
    """
    if options.pipeline is None:
        return settings.root / settings.pipeline.file if settings.pipeline.file else None
    # What a shell completes is relative to where one stands; a CI's line, to the root.
    paths = [folder / options.pipeline for folder in (Path.cwd(), settings.root)]
    found = next((path for path in paths if _is_file(path)), None)
    if found is None:
        shown = cut(options.pipeline, SHOWN)
        raise SettingsError(f"--canary-pipeline: there is no file {shown} in {settings.root}")
    return found


def find_roles(settings: Settings, options: Options, pipeline: Path) -> Roles | ServiceRoles | None:
    """The pipelines that make the walk's transitions; of GitHub's or GitLab's file, the jobs.

    Args:
        settings: say whether they do, and name those that nothing else tells.
        options: what the command line says.
        pipeline: the one that a push starts.

    Returns:
        None where they don't, where nobody says which jobs of another service's file do, which is
        looked at alone then, or where one is malformed, which the static check tells.

    Raises:
        SettingsError: nobody can tell which is which; or the walk is where none can be run.
    """
    own = settings.pipeline
    if not own.run:
        return None
    if kind_of(pipeline) == "Semaphore":
        _expect_own_cluster(options)
        return _of_semaphore(settings, pipeline)
    # Most projects name none, and a plan has no time for it.
    from pytest_canary.manifests.documents import read
    from pytest_canary.pipelines.service_roles import NAMED, find_service_roles

    try:
        source = read(pipeline, settings.root)
    except OSError:
        return None
    found = find_service_roles(source, {role: own.roles.begin(role) for role in NAMED})
    if found:
        _expect_own_cluster(options)
    return found


def _expect_own_cluster(options: Options) -> None:
    for given, name in ((options.context, "--canary-context"), (options.image, "--canary-image")):
        if given:
            raise SettingsError(
                f"{name} and pipelines don't go together: they build their own image and release "
                "it on a cluster of the run's own; leave it out, or set pipeline.run = false"
            )


def _of_semaphore(settings: Settings, pipeline: Path) -> Roles | None:
    # Most projects have none, and a plan has no time for it.
    from pytest_canary.pipelines import roles
    from pytest_canary.pipelines.workflow import read_workflow

    workflow = read_workflow(pipeline, settings.root)
    if any(each.faults for each in workflow.pipelines):
        return None
    own = settings.pipeline
    named: dict[roles.Role, str | None] = {
        "canary": own.canary,
        "stable": own.stable,
        "rollback": own.rollback,
    }
    paths: dict[roles.Role, Path] = {
        role: Path(os.path.normpath((settings.root / name).absolute()))
        for role, name in named.items()
        if name
    }
    return roles.find_roles(workflow, paths)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # a name that no file system takes
