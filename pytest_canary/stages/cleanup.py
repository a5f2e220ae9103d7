"""The cleanup: nothing of the run is left."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_canary.cluster.leftovers import Belongings, Inventory, leftovers
from pytest_canary.cluster.teardown import tear_down
from pytest_canary.context.expectations import expect_none_left
from pytest_canary.context.outcomes import CleanupOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import workspace_itself
from pytest_canary.core.errors import CanaryError, CommandError, WaitTimeoutError
from pytest_canary.core.waiting import Seen

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.context.workspace import Workspace

STAGE = Stage("cleanup", workspace_itself, final=True)

# Seconds in which an engine that is restarted answers again.
RETURNING = 60.0

# Seconds in which what was ended is gone: the engine ends a port's proxy after its container.
GOING = 5.0


@STAGE.enter("everything that the run made is deleted")
def delete_everything(workspace: Workspace) -> None:
    workspace.stop_background()
    inventory = workspace.inventory
    if inventory is None:
        workspace.run.remove()
        workspace.journal.keep(CleanupOutcome())
        return
    before: Belongings | None = None
    await_engine(workspace, inventory.engine)
    try:
        # As late as this, so that nothing of the run came after the look.
        before = inventory.take()
    finally:
        try:
            tear_down(workspace.run, inventory.engine, workspace.processes, waiter=workspace.waiter)
        except CanaryError:
            with suppress(CanaryError):  # nobody knows what is left, and each check says this
                if before:
                    left = leftovers(before, inventory.take())
                    workspace.journal.keep(CleanupOutcome(left))
            raise
        finally:
            if workspace.cluster_run:
                workspace.cluster_run.release()
    workspace.journal.keep(CleanupOutcome(last_leftovers(workspace, inventory, before)))


def await_engine(workspace: Workspace, engine: ContainerEngine) -> None:
    """Give an engine that is restarted under the walk time to come back.

    Where it does not, what goes on to ask it says so.
    """

    def look() -> Seen[None]:
        try:
            return Seen("it answers", bool(engine.id), None)
        except CommandError as error:
            return Seen(error.sentence, False, None)

    with suppress(WaitTimeoutError):
        workspace.waiter.until("the container engine to answer", look, timeout=RETURNING)


def last_leftovers(
    workspace: Workspace, inventory: Inventory, before: Belongings
) -> dict[str, tuple[object, ...]]:
    """What is left by kind, once what was ended has had time to go: a port's proxy, a process."""
    left: dict[str, tuple[object, ...]] = {}

    def look() -> Seen[None]:
        nonlocal left
        left = leftovers(before, inventory.take())
        return Seen(", ".join(left), not left, None)

    with suppress(WaitTimeoutError):
        workspace.waiter.until("everything to be gone", look, timeout=GOING)
    return left


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
    if not workspace.journal.outcome(CleanupOutcome).left:
        workspace.journal.note("cleanup", "nothing left")
