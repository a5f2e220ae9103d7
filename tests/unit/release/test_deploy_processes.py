"""A deploy ends its own apply script, and no other command of its run or of another."""

import threading

import pytest
from fakes.world import World

from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.version import CANARY


def sleeper(by: Processes, seconds: int) -> threading.Thread:
    """A command that runs until it is killed."""
    started = threading.Event()

    def run() -> None:
        argv = ["sh", "-c", f"echo; sleep {seconds}"]
        with pytest.raises(CommandError):
            by.run(argv, timeout=90, heard=lambda _: started.set())

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(10)
    return thread


def test_a_deploy_ends_no_other_command(world: World) -> None:
    ours, another = world.rehearsal.workspace.processes, Processes()
    threads = [sleeper(ours, 61), sleeper(another, 62)]
    # The script leaves something in the background, and what it has started ends with it.
    world.script("apply.sh", world.apply.read_text() + "sleep 63 &\n")
    world.context.release.deploy(CANARY, 1, world.version("candidate"))
    assert ours.alive() == ["sh -c 'echo; sleep 61'"]
    assert another.alive() == ["sh -c 'echo; sleep 62'"]
    for by in (ours, another):
        by.kill_all()
    for thread in threads:
        thread.join()


def test_the_releases_secrets_are_known_to_whatever_comes_in(world: World) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]
    assert (
        world.rehearsal.workspace.processes.redactor.redact(f"it is {password}") == "it is ********"
    )
