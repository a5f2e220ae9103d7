"""How the parts are made that reach out of this process; tests hand over their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.cluster.engine import Engine
    from pytest_canary.cluster.provision import Provisioned
    from pytest_canary.context.context import Context
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.k8s.namespace import Namespace
    from pytest_canary.k8s.observer import Observer

# Each imports what it makes when it makes it: a static check needs none of it.


def make_engine() -> Engine:
    """The container engine of this machine."""
    from pytest_canary.cluster.engine import Engine

    return Engine()


def bring_up(workspace: Workspace, engine: Engine) -> Provisioned:
    """The cluster and the images, made side by side."""
    from pytest_canary.cluster.provision import Provision

    run, owner = workspace.run, workspace.cluster_run or workspace.run
    provision = Provision(workspace.plan, run, owner, engine, workspace.waiter)
    return provision.bring_up()


def observe(namespace: Namespace) -> Observer:
    """The watches on a namespace, started."""
    from pytest_canary.k8s.observer import Observer

    return Observer(namespace).start()


def judge(context: Context) -> Verdict:
    """The verdict on both versions, measured at the same moments."""
    from pytest_canary.context.measurement import Window

    return Window(
        context.release,
        context.app.traffic,
        context.plan.settings,
        context.journal.versions,
        context.container_port,
    ).judge()


@dataclass(frozen=True)
class Builders:
    """The makers of what is heavy, slow or outside."""

    engine: Callable[[], Engine] = make_engine
    bring_up: Callable[[Workspace, Engine], Provisioned] = bring_up
    observe: Callable[[Namespace], Observer] = observe
    judge: Callable[[Context], Verdict] = judge
