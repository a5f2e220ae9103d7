"""What a run made is removed, and what only has its name is not: an engine in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fakes.engine import Engine
from fakes.kubectl import Kubectl
from fakes.machine import Machine
from fakes.runs import PROJECT

from pytest_canary.cluster.container_engine import Server
from pytest_canary.cluster.run import RUN_LABEL, Run, registry_label
from pytest_canary.cluster.teardown import (
    SETTLING,
    remove_containers,
    remove_from_cluster,
    tear_down,
)
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter

REFUSING = "http://127.0.0.1:9"


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
        run.note(cluster="dev")
    tear_down(second, machine.engine, Processes(), waiter=Waiter(machine.clock))
    assert machine.has_cluster
    tear_down(first, machine.engine, Processes(), waiter=Waiter(machine.clock))
    assert not machine.has_cluster


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
    run.note_cluster_wide("Lane.v1.x.invalid/a", kubectl.path)
    remove_from_cluster(run, machine.engine, Processes())
    assert not (tmp_path / "asked").exists(), "nothing was made before there was a way to it"
    run.kubeconfig.write_text("")
    kubectl.put({**body, "metadata": {"name": "a", "labels": {RUN_LABEL: run.id}}})
    kubectl.put({**body, "metadata": {"name": "b", "labels": labels}})
    run.note(within="1a2b3c")
    remove_from_cluster(run, machine.engine, Processes())
    assert len(kubectl.objects()) == 2, "its cluster does not run"
    run.note(within=None)
    remove_from_cluster(run, machine.engine, Processes())
    assert list(kubectl.objects()) == ["Lane.v1.x.invalid/b"]
    assert run.record.cluster_wide == ["Lane.v1.x.invalid/a"]
