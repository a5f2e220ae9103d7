"""The cleanup: nothing of the run is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.cluster.leftovers import Belongings, leftovers
from pytest_canary.cluster.teardown import tear_down
from pytest_canary.context.expectations import expect_none_left
from pytest_canary.context.journal import CleanupOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import whole

if TYPE_CHECKING:
    from pytest_canary.context.workspace import Workspace

STAGE = Stage("cleanup", whole)


@STAGE.enter("everything that the run made is deleted")
def is_deleted(workspace: Workspace) -> None:
    workspace.stop_background()
    inventory = workspace.inventory
    if inventory is None:
        workspace.run.remove()
        workspace.journal.keep(CleanupOutcome())
        return
    before = Belongings()
    try:
        # As late as this, so that nothing of the run came after the look.
        before = inventory.take()
    finally:
        try:
            tear_down(workspace.run, inventory.engine, workspace.processes)
        finally:
            if workspace.cluster_run:
                workspace.cluster_run.release()
    workspace.journal.keep(CleanupOutcome(leftovers(before, inventory.take())))


@STAGE.holds("no Deployment, Pod, Service or Secret is left")
def no_object(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "objects")


@STAGE.holds("no container is left")
def no_container(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "containers")


@STAGE.holds("no volume is left")
def no_volume(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "volumes")


@STAGE.holds("no network is left")
def no_network(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "networks")


@STAGE.holds("no forwarded port is left")
def no_port(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "ports")


@STAGE.holds("no process is left")
def no_process(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "processes")


@STAGE.holds("no temporary file is left")
def no_file(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "files")


@STAGE.holds("no kubeconfig entry is left")
def no_context(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "contexts")


@STAGE.holds("no image name is left")
def no_image(workspace: Workspace) -> None:
    expect_none_left(workspace.journal, "images")
    workspace.journal.note("cleanup", "nothing left")
