"""What runs have left whose process is gone: whose it is, and what goes on without them."""

import subprocess
import threading
from contextlib import suppress

from fakes.machine import Machine
from fakes.runs import PROJECT

from pytest_canary.cluster.run import Run
from pytest_canary.core import locks
from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes


def test_what_is_on_another_engine_is_kept_and_told(machine: Machine) -> None:
    run = machine.left(cluster="dev", containers=["node-1"])
    machine.engine.identity = "engine-2"
    sentence = (
        f"run {run.id} of {PROJECT} used another container engine, at "
        "unix:///var/run/docker.sock, and what it left there stays: run `pytest --canary-reap` "
        f"with that one (DOCKER_HOST, or `docker context use`); delete {run.folder} where it is "
        "gone"
    )
    assert machine.refused() == machine.refused(kept=True) == sentence
    assert machine.has_cluster
    machine.engine.identity = "engine-1"
    assert machine.reap() == 1


def test_a_record_that_can_not_be_read_hinders_no_other(machine: Machine) -> None:
    broken = machine.left()
    (broken.folder / "record.json").write_text("")
    machine.left(cluster="dev", containers=["node-1"])
    assert machine.refused().startswith(f"the record of run {broken.id}, ")
    assert not machine.has_cluster
    assert broken.folder.exists()


def test_what_a_killed_runs_command_still_makes_is_waited_for(machine: Machine) -> None:
    run = machine.left(cluster="dev", containers=["node-1"])
    with busy(run) as command:
        assert machine.refused() == (
            f"run {run.id} of {PROJECT} is gone, and a command of it is still making something; "
            "`pytest --canary-reap` waits for its end and removes it"
        )
        sentence = machine.refused(kept=True)
        assert sentence.startswith(f"waited 180 s for the commands of run {run.id} to end")
        assert machine.has_cluster
        machine.told.clear()
        machine.clock.at(machine.clock.monotonic() + 30, command.kill_all)
        machine.clock.real = 0.001
        assert machine.reap(kept=True) == 1
    assert machine.told == [
        f"run {run.id} is gone, and a command of it is still making something; waiting for it",
        f"run {run.id} of {PROJECT} is gone and left dev; removing it",
    ]
    assert not machine.has_cluster


def test_what_a_killed_runs_command_has_left_behind_is_ended(machine: Machine) -> None:
    """As `docker logs -f` of a `kind create` that was ended before it: it would never end."""
    run = machine.left(cluster="dev", containers=["node-1"])
    with locks.share(run.work) as shared:
        subprocess.run(
            ["sh", "-c", "sleep 60 &"],
            start_new_session=True,
            pass_fds=[shared.fileno()],
            check=True,
        )
    assert run.at_work
    machine.clock.real = 0.05
    assert machine.reap() == 1
    assert machine.told == [f"run {run.id} of {PROJECT} is gone and left dev; removing it"]
    assert not machine.has_cluster


def test_what_a_command_leaves_behind_that_ends_while_it_is_waited_for_is_ended(
    machine: Machine,
) -> None:
    """As where a walk is killed: its `kind create` ends a moment after the next run has looked."""
    run = machine.left(cluster="dev", containers=["node-1"])
    with locks.share(run.work) as shared:
        command = subprocess.Popen(
            ["sh", "-c", "sleep 60 & read line"],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=[shared.fileno()],
        )
    began = machine.clock.monotonic()
    machine.clock.at(began + 10, lambda: command.communicate() and None)
    machine.clock.real = 0.05
    assert machine.reap(kept=True) == 1
    assert machine.clock.monotonic() - began < 15
    assert not machine.has_cluster


class busy:  # noqa: N801 (used as a function)
    """A command that makes something for a run, whose process is gone."""

    def __init__(self, run: Run) -> None:
        self.command = Processes(holding=run.work)
        self.thread = threading.Thread(target=self._run)
        self.began = threading.Event()

    def _run(self) -> None:
        with suppress(CommandError):
            argv = ["sh", "-c", "echo; sleep 60"]
            self.command.run(argv, timeout=60, heard=lambda _: self.began.set())

    def __enter__(self) -> Processes:
        self.thread.start()
        assert self.began.wait(10)
        return self.command

    def __exit__(self, *_: object) -> None:
        self.command.kill_all()
        self.thread.join()
