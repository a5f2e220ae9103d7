"""Who moves the candidate on: the harness by its own lines, or the project's own pipelines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_canary.cluster.account import let_see_nodes
from pytest_canary.config.track_deployments import track_deployments
from pytest_canary.context.outcomes import ClusterOutcome
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.transitions import OwnTransitions, Transitions

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.cluster.provisioned import Provisioned
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.database.database import Database
    from pytest_canary.delivery.doomed import DoomedRollout
    from pytest_canary.delivery.pipeline_run import PipelineRun
    from pytest_canary.delivery.project_pipelines import ProjectPipelines
    from pytest_canary.pipelines.roles import Role
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

    return _of_pipelines(pipelines, release, database, learn)


def _of_pipelines(
    pipelines: ProjectPipelines,
    release: Release,
    database: Database,
    learn: Callable[[Version, str], Version],
) -> Transitions:
    """The transitions that the project's own pipelines make, of the parts of the release."""
    # Few walks are on pipelines.
    from pytest_canary.delivery.canary_pipeline import CanaryPipeline
    from pytest_canary.delivery.deployed import Deployed
    from pytest_canary.delivery.doomed import DoomedRollout
    from pytest_canary.delivery.pipeline_migration import PipelineMigration
    from pytest_canary.delivery.promoted_again import PromotedAgain
    from pytest_canary.delivery.role_pipelines import CALLED
    from pytest_canary.delivery.spoiling import spoil
    from pytest_canary.delivery.standing import Standing
    from pytest_canary.delivery.transitions import OwnSteps, PipelineTransitions

    settings, observer, pods = release.settings, release.observer, release.pods
    standing = Standing(release.namespace, observer, release.rollouts, track_deployments(settings))
    deployed = Deployed(standing, pipelines, learn)

    def watch(role: Role, track: str, run: PipelineRun) -> DoomedRollout:
        return DoomedRollout(
            observer,
            release.diagnoser.findings,
            standing.name(track),
            pipelines.images.has_built,
            run.running,
            CALLED[role],
            partial(pipelines.give_up, role),
        )

    canary = CanaryPipeline(
        pipelines,
        standing,
        partial(watch, "canary", CANARY),
        settings.commands,
        settings.deadlines.command,
    )
    return PipelineTransitions(
        pipelines,
        standing,
        deployed,
        canary,
        PipelineMigration(canary, standing, pods, database, settings.commands),
        PromotedAgain(pipelines, standing, deployed, release.promote),
        partial(watch, "stable", STABLE),
        OwnSteps(
            release.wait_for_service,
            partial(spoil, standing, pods.versions, release.kubectl),
            release.diagnostics,
        ),
    )
