"""What a stage works with, made of what was brought up: the watches, the release, the app."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from pytest_canary.cluster.run import label_of
from pytest_canary.context.app_access import AppAccess
from pytest_canary.context.context import Context
from pytest_canary.context.movers import transitions
from pytest_canary.context.outcomes import ClusterOutcome
from pytest_canary.database.database import Database
from pytest_canary.release.claims import Claims
from pytest_canary.release.cluster_wide import ClusterWide
from pytest_canary.release.release import Release

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.cluster.provisioned import Provisioned
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.delivery.project_pipelines import ProjectPipelines


def furnish(
    workspace: Workspace,
    engine: ContainerEngine,
    up: Provisioned,
    pipelines: ProjectPipelines | None,
    parameters: Mapping[str, str],
) -> Context:
    """What works on the namespace: watches, release, database, app."""
    plan, journal, waiter = workspace.plan, workspace.journal, workspace.waiter
    settings = plan.settings
    observer = workspace.builders.observe(up.namespace)
    titles = {"candidate": up.candidate, "baseline": up.baseline}
    images = {title: version.image for title, version in titles.items() if version}
    release = Release(
        up.namespace,
        observer,
        settings,
        parameters,
        up.kubectl,
        up.home,
        waiter,
        up.cluster.images if up.cluster else None,
        workspace.processes,
        claims=_claims(workspace),
        versions=set(images.values()),
        cluster_wide=_cluster_wide(workspace, up),
    )
    journal.keep(ClusterOutcome(images, up.seconds, observer.history, observer.began))
    database = Database(up.namespace, observer, settings.database, waiter)
    return Context(
        plan=plan,
        journal=journal,
        waiter=waiter,
        engine=engine,
        provisioned=up,
        observer=observer,
        release=release,
        transitions=transitions(workspace, engine, up, release, database, pipelines),
        database=database,
        app=AppAccess(
            plan, journal, elsewhere=up.cluster is None, generate=workspace.builders.generate
        ),
        builders=workspace.builders,
    )


def _claims(workspace: Workspace) -> Claims | None:
    """What makes the release's objects known as the run's, where others are beside them."""
    run = workspace.run
    return Claims(label_of(run.id), run.note_applied) if run.record.guest else None


def _cluster_wide(workspace: Workspace, up: Provisioned) -> ClusterWide:
    """What applies objects of the whole cluster, which the release itself may not touch."""
    run, options = workspace.run, workspace.plan.options
    return ClusterWide(
        up.kubectl,
        up.owner.kubeconfig,
        label_of(run.id),
        alone=options.context is None,
        note=partial(run.note_cluster_wide, kubectl=up.kubectl),
        processes=workspace.processes,
        waiter=workspace.waiter,
    )
