"""What a run made is removed, and what only has its name is not: an engine in memory."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from fakes.clock import Clock
from fakes.engine import Engine
from fakes.kubectl import Kubectl

from pytest_canary.cluster.container_engine import Server
from pytest_canary.cluster.run import RUN_LABEL, Run, registry_label
from pytest_canary.cluster.teardown import (
    SETTLING,
    reap,
    remove_containers,
    remove_from_cluster,
    tear_down,
)
from pytest_canary.core import locks
from pytest_canary.core.errors import CanaryError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter

PROJECT = Path("/somewhere/shop")
REFUSING = "http://127.0.0.1:9"


class Alarm(Clock):
    """Time, in which something happens at a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = float("inf")
        self.happens: Callable[[], None] = lambda: None

    def at(self, moment: float, happens: Callable[[], None]) -> None:
        self.moment, self.happens = moment, happens

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.time >= self.moment:
            self.moment = float("inf")
            self.happens()


class Machine:
    """An engine with a cluster called `dev`, and whoever makes or reaps runs on it."""

    def __init__(self, folder: Path) -> None:
        self.deleted = folder / "deleted"
        self.clock = Alarm()
        self.engine = Engine("dev-control-plane", self.deleted)
        self.told: list[str] = []

    def left(self, **made: object) -> Run:
        """A run whose process is gone."""
        run = Run.start(PROJECT)
        run.made(engine=self.engine.id, endpoint=self.engine.endpoint, **made)
        run.release()
        return run

    def reap(self, *, kept: bool = False) -> int:
        return reap(self.engine, kept=kept, tell=self.told.append, waiter=Waiter(self.clock))

    def refused(self, *, kept: bool = False) -> str:
        with pytest.raises(CanaryError) as failure:
            self.reap(kept=kept)
        return str(failure.value)

    @property
    def has_cluster(self) -> bool:
        return not self.deleted.exists()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Machine(tmp_path)


def test_what_a_killed_run_made_is_removed(machine: Machine) -> None:
    run = machine.left(cluster="dev", containers=["node-1"], images=["addressbook:111111111111"])
    assert machine.reap() == 1
    assert not machine.has_cluster
    assert "addressbook:111111111111" not in machine.engine.refs
    assert not run.folder.exists()
    assert machine.told == [f"run {run.id} of {PROJECT} is gone and left dev; removing it"]


def test_a_cluster_that_its_user_has_made_since_stays(machine: Machine) -> None:
    run = machine.left(cluster="dev", containers=["node-0"])
    assert machine.reap() == 1
    assert machine.has_cluster
    assert machine.told[1:] == [
        f"cluster dev is not what run {run.id} made under that name, and stays"
    ]
    assert not run.folder.exists(), "nothing of it is left"


def test_a_node_that_was_never_noted_is_known_by_its_mark(machine: Machine) -> None:
    run = machine.left(cluster="dev")
    machine.engine.mounts = frozenset({run.record.mount})
    machine.reap()
    assert not machine.has_cluster
    assert machine.clock.monotonic() < SETTLING, "nothing is to be waited for"


def test_a_node_that_the_engine_was_still_making_is_waited_for(machine: Machine) -> None:
    run = machine.left(cluster="dev")
    machine.engine.mounts = frozenset({run.record.mount})
    machine.deleted.touch()
    machine.clock.at(SETTLING / 2, machine.deleted.unlink)
    machine.reap()
    assert machine.clock.monotonic() >= SETTLING / 2
    assert not machine.has_cluster
    assert not run.folder.exists()


def test_what_the_engine_does_not_make_is_not_waited_for_longer(machine: Machine) -> None:
    machine.left(cluster="dev")
    machine.deleted.touch()
    machine.reap()
    assert SETTLING <= machine.clock.monotonic() < SETTLING + 1


def test_nothing_is_waited_for_where_kind_had_said_its_last_word(machine: Machine) -> None:
    machine.left(cluster="dev", containers=[])
    machine.deleted.touch()
    machine.reap()
    assert machine.clock.monotonic() < 1


def test_two_runs_with_one_name_do_not_delete_each_others(machine: Machine) -> None:
    first, second = Run.start(PROJECT), Run.start(PROJECT)
    machine.engine.mounts = frozenset({first.record.mount})
    for run in (first, second):  # as kind refuses the second, whose name is taken
        run.made(cluster="dev")
    tear_down(second, machine.engine, Processes(), waiter=Waiter(machine.clock))
    assert machine.has_cluster
    tear_down(first, machine.engine, Processes(), waiter=Waiter(machine.clock))
    assert not machine.has_cluster


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


@pytest.fixture
def network(machine: Machine) -> Iterator[Machine]:
    """A machine whose network `kind` a run has made, and whose cluster is gone."""
    machine.left(network=True, network_id="network-1")
    machine.deleted.touch()
    yield machine
    assert machine.told


def test_the_network_goes_with_its_last_container(network: Machine) -> None:
    network.reap()
    assert network.engine.networks("kind") == []


def test_the_network_stays_that_a_stopped_container_refers_to(network: Machine) -> None:
    network.engine.neighbours.add("somebodys-control-plane")
    network.reap()
    assert network.engine.networks("kind")


def test_the_network_stays_that_somebody_has_made_since(network: Machine) -> None:
    network.engine.network_ids["kind"] = "network-9"
    network.reap()
    assert network.engine.networks("kind")


def served(run: Run) -> Server:
    return Server(f"canary-{run.id}-registry", "registry:2", registry_label(run.id), 5000, 1)


def test_a_runs_registry_is_removed_with_all_that_was_pushed_to_it(machine: Machine) -> None:
    run = machine.left(registry=True, network=True, network_id="network-1")
    other = Run.start(PROJECT)
    machine.deleted.touch()
    for each in (run, other):
        machine.engine.serve(served(each))
        machine.engine.refs.add(f"127.0.0.1:5000/canary-{each.id}/docker.io/ada/shop:1")
    machine.reap()
    assert machine.engine.serving == [served(other)]
    assert machine.engine.names_with("/docker.io/ada/shop:1") == [
        f"127.0.0.1:5000/canary-{other.id}/docker.io/ada/shop:1"
    ]
    other.release()


def test_a_runs_registry_outlives_what_its_jobs_have_started(machine: Machine) -> None:
    run = Run.start(PROJECT)
    machine.engine.serve(served(run))
    machine.engine.labelled["job-1"] = "postgres"
    remove_containers(run.id, machine.engine)
    assert machine.engine.labelled == {}
    assert machine.engine.serving == [served(run)]
    run.release()


def test_a_registry_on_another_engine_is_kept_and_told(machine: Machine) -> None:
    machine.left(registry=True)
    machine.engine.identity = "engine-2"
    assert "used another container engine" in machine.refused()


@pytest.mark.parametrize("within", [None, "reuse-000000"])
def test_a_node_that_stays_is_told_to_look_where_it_did_before(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: str | None
) -> None:
    said = tmp_path / "said"
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$1 $2 $3 $7" >>{said}\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    machine.engine = Engine("canary-reuse-000000-control-plane", machine.deleted)
    run = machine.left(registry=True, within=within)
    machine.reap()
    told = said.read_text() if within else ""
    node = "canary-reuse-000000-control-plane"
    assert told == (f"exec {node} sh canary-{run.id}\n" if within else "")


def kubeconfig(run: Run) -> None:
    run.kubeconfig.write_text(
        yaml.safe_dump(
            {
                "current-context": "it",
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                "clusters": [{"name": "it", "cluster": {"server": REFUSING}}],
                "users": [{"name": "it", "user": {"token": "t"}}],
            }
        )
    )


def test_a_namespace_in_a_cluster_that_does_not_answer_is_kept_and_told(machine: Machine) -> None:
    run = machine.left(namespace="canary-1")
    kubeconfig(run)
    lines = machine.refused().splitlines()
    assert lines[0].endswith("; `pytest --canary-reap` tries again")
    assert lines[1].strip() == (
        f"namespace canary-1 can't be deleted: can't look at namespace canary-1: {REFUSING} does "
        "not answer; see that the cluster runs, and that the context is the right one; "
        f"delete {run.folder} where that cluster is gone"
    )
    assert run.folder.exists()


def test_a_namespace_in_a_cluster_of_our_own_went_with_it(machine: Machine) -> None:
    run = machine.left(namespace="canary-1", within="reuse-000000")
    kubeconfig(run)
    assert machine.reap() == 1
    assert not run.folder.exists()


def test_a_namespace_in_a_cluster_of_our_own_that_runs_and_does_not_answer_is_kept_and_told(
    machine: Machine,
) -> None:
    machine.engine = Engine("canary-reuse-000000-control-plane", machine.deleted)
    run = machine.left(namespace="canary-1", within="reuse-000000")
    kubeconfig(run)
    assert "namespace canary-1 can't be deleted" in machine.refused()
    assert run.folder.exists()


def test_what_a_run_has_made_in_a_whole_cluster_goes_with_it(
    machine: Machine, tmp_path: Path
) -> None:
    kubectl = Kubectl(tmp_path)
    labels = {RUN_LABEL: "none"}
    body = {"apiVersion": "x.invalid/v1", "kind": "Lane", "metadata": {"name": "a"}}
    run = machine.left(namespace="canary-x")
    run.has_applied_cluster_wide("Lane.v1.x.invalid/a", kubectl.path)
    remove_from_cluster(run, machine.engine, Processes())
    assert not (tmp_path / "asked").exists(), "nothing was made before there was a way to it"
    run.kubeconfig.write_text("")
    kubectl.put({**body, "metadata": {"name": "a", "labels": {RUN_LABEL: run.id}}})
    kubectl.put({**body, "metadata": {"name": "b", "labels": labels}})
    run.made(within="1a2b3c")
    remove_from_cluster(run, machine.engine, Processes())
    assert len(kubectl.objects()) == 2, "its cluster does not run"
    run.made(within=None)
    remove_from_cluster(run, machine.engine, Processes())
    assert list(kubectl.objects()) == ["Lane.v1.x.invalid/b"]
    assert run.record.cluster_wide == ["Lane.v1.x.invalid/a"]
