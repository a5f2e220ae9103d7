"""Where something of the run is left."""

import socket
import threading
from contextlib import suppress

import yaml
from fakes.engine import IMAGES
from fakes.world import World
from unit.stages.failing import Cases

from pytest_canary.core.errors import CommandError
from pytest_canary.stages import cleanup

CASES = Cases("cleanup")
REAP = "; `pytest --canary-reap` removes them"


@CASES.fails(
    cleanup.delete_everything,
    "run {run} could not be cleaned up; `pytest --canary-reap` tries again",
    evidence=("container 0123456789ab can't be removed: permission denied",),
    before=True,
)
def the_engine_can_not_remove_the_node(world: World) -> None:
    world.engine.refuses = "container 0123456789ab can't be removed: permission denied"


@CASES.fails(
    cleanup.delete_everything,
    "run {run} could not be cleaned up; `pytest --canary-reap` tries again",
    evidence=(
        "waited 60 s for cluster canary-{run} to be gone, which did not come; "
        "last seen: still there: canary-{run}-control-plane",
    ),
    before=True,
)
def the_nodes_container_does_not_go(world: World) -> None:
    world.engine.stays.add(world.context.cluster.node)


@CASES.fails(
    cleanup.no_object,
    "run {run} left objects: ",
    "Deployment addressbook-stable, ",
    "Pod {stable}, ",
    "Service addressbook-lb, ",
    "Secret db-params, Secret registry" + REAP,
    before=True,
)
def the_namespace_stays(world: World) -> None:
    world.namespace.stays = True


@CASES.fails(
    cleanup.no_container,
    "run {run} left containers: canary-{run}-control-plane" + REAP,
    before=True,
)
def the_nodes_container_comes_back(world: World) -> None:
    node = world.context.cluster.node
    world.engine.meanwhile = lambda: world.engine.stays.add(node)


@CASES.fails(cleanup.no_volume, "run {run} left volumes: a1b2c3" + REAP, before=True)
def the_nodes_volume_stays(world: World) -> None:
    world.engine.stays.add("a1b2c3")


@CASES.fails(cleanup.no_network, "run {run} left networks: kind" + REAP, before=True)
def the_network_stays(world: World) -> None:
    world.engine.stays.add("network-1")


@CASES.fails(cleanup.no_port, "run {run} left ports: ", REAP, before=True)
def something_still_listens_on_the_nodes_port(world: World) -> None:
    listener = world.until_the_end.enter_context(socket.create_server(("127.0.0.1", 0)))
    world.engine.ports.add(listener.getsockname()[1])


@CASES.fails(
    cleanup.no_process,
    "run {run} left processes: sh -c 'echo started; sleep 60'" + REAP,
    before=True,
)
def a_command_is_called_again(world: World) -> None:
    processes = world.rehearsal.workspace.processes

    def run(started: threading.Event) -> None:
        argv = ["sh", "-c", "echo started; sleep 60"]
        with suppress(CommandError):
            processes.run(argv, timeout=60, heard=lambda _: started.set())

    def call() -> None:
        started = threading.Event()
        thread = threading.Thread(target=run, args=(started,))
        thread.start()
        world.until_the_end.callback(thread.join)
        world.until_the_end.callback(processes.kill_all)
        assert started.wait(10)

    call()
    world.engine.meanwhile = call


@CASES.fails(
    cleanup.no_file,
    "run {run} left files: {folder}/state/pytest-canary/runs/{run}" + REAP,
    before=True,
)
def the_runs_folder_is_a_link(world: World) -> None:
    elsewhere = world.run.folder.rename(world.folder / "elsewhere")
    world.run.folder.symlink_to(elsewhere)


@CASES.fails(
    cleanup.no_context,
    "run {run} left contexts: contexts kind-canary-{run} in {folder}/users-own, ",
    "clusters kind-canary-{run} in {folder}/users-own",
    REAP,
    before=True,
)
def the_users_kubeconfig_has_an_entry(world: World) -> None:
    name = {"name": f"kind-{world.context.cluster.name}"}
    document = {"contexts": [name, {"name": "their-own"}], "clusters": [name]}
    (world.folder / "users-own").write_text(yaml.safe_dump(document))


@CASES.fails(cleanup.no_image, "run {run} left images: {baseline}" + REAP, before=True)
def an_image_keeps_its_name(world: World) -> None:
    world.engine.stays.add(IMAGES["baseline"])
