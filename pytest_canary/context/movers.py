"""Who moves the candidate on: the harness by its own lines, or the project's own pipelines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_canary.cluster.account import let_see_nodes
from pytest_canary.context.outcomes import ClusterOutcome
from pytest_canary.release.transitions import OwnTransitions, Transitions

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.cluster.provision import Provisioned
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.database.database import Database
    from pytest_canary.delivery.project_pipelines import ProjectPipelines
    from pytest_canary.release.release import Release
    from pytest_canary.rendering.version import Version


def transitions(
    workspace: Workspace,
    engine: ContainerEngine,
    up: Provisioned,
    release: Release,
    database: Database,
    pipelines: ProjectPipelines | None,
) -> Transitions:
    """What moves the candidate on: the harness, or the project's own pipelines."""
    settings = workspace.plan.settings
    if pipelines is None or up.cluster is None:
        return OwnTransitions(release, database, lambda: up.candidate)
    # Few walks are on pipelines.
    from pytest_canary.delivery.transitions import PipelineTransitions

    node = up.cluster.node
    let_see_nodes(up.owner, up.kubectl, workspace.processes)
    pipelines.put_on(
        node,
        lambda image: engine.load([image], node, settings.deadlines.image),
        release.parameters,
        up.baseline.image if up.baseline else "",
    )

    def learn(version: Version, image: str) -> Version:
        """A version by the name that its Deployment calls its image."""
        known = replace(version, image=image)
        if version.title == "candidate":
            up.candidate = known
        else:
            up.baseline = known
        release.know(image)
        workspace.journal.outcome(ClusterOutcome).images[version.title] = image
        return known

    return PipelineTransitions(pipelines, release, database, learn)
