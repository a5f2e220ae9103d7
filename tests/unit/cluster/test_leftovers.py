"""What a run has, and what of it is left: real files, ports and commands, an engine in memory."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fakes.api_server import serving_api, write_kubeconfig
from fakes.cluster import Namespace
from fakes.engine import IMAGES, VOLUME, Engine

from pytest_canary.cluster.container_engine import Server
from pytest_canary.cluster.leftovers import Belongings, Inventory, leftovers
from pytest_canary.cluster.run import RUN_LABEL, Run, registry_label
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.k8s.connection import UnansweredError

NODE = "canary-1-control-plane"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "users-own"))
    monkeypatch.chdir(tmp_path)
    started = Run.start(tmp_path)
    started.note(
        cluster="canary-1", containers=["node-1"], network=True, images=[IMAGES["baseline"]]
    )
    yield started
    started.release()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(NODE, tmp_path / "deleted")


@pytest.fixture
def inventory(run: Run, engine: Engine) -> Inventory:
    return Inventory(run, engine, Processes())


def test_a_run_that_has_made_nothing_has_its_folder(inventory: Inventory, run: Run) -> None:
    run.record.cluster, run.record.network, run.record.images = None, False, []
    assert inventory.take() == Belongings(files=(str(run.folder),))


def test_everything_is_taken_down_and_found_again(
    inventory: Inventory, run: Run, engine: Engine, tmp_path: Path
) -> None:
    name = {"name": "kind-canary-1"}
    document = {"contexts": [name, {"name": "own"}], "clusters": [name], "users": [name]}
    (tmp_path / "users-own").write_text(yaml.safe_dump(document))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        engine.ports.add(port)
        found = inventory.take()
        assert found == Belongings(
            containers=(NODE,),
            volumes=(VOLUME,),
            networks=("kind",),
            ports=(port,),
            files=(str(run.folder),),
            contexts=tuple(
                f"{kind} kind-canary-1 in {tmp_path}/users-own"
                for kind in ("contexts", "clusters", "users")
            ),
            images=(IMAGES["baseline"],),
        )
    (tmp_path / "deleted").touch()
    (tmp_path / "users-own").unlink()
    engine.untag(IMAGES["baseline"])
    engine.remove_network("network-1")
    assert leftovers(found, inventory.take()) == {"files": (str(run.folder),)}


def test_what_a_stage_has_made_that_came_to_no_end_is_found(
    inventory: Inventory, run: Run, tmp_path: Path
) -> None:
    """Nobody has told of the namespace then; the record has, before anything was put there."""
    with serving_api() as server:
        there = "/api/v1/namespaces/shop-test"
        mine = {"metadata": {"name": "db-params", "labels": {RUN_LABEL: run.id}}}
        items = [mine, {"metadata": {"name": "theirs"}}]
        server.answers = {
            f"GET {there}": (200, {}),
            f"GET {there}/secrets": (200, {"items": items}),
            f"GET {there}/services": (200, {"items": []}),
            f"GET {there}/pods": (200, {"items": []}),
            "GET /apis/apps/v1/namespaces/shop-test/deployments": (200, {"items": []}),
        }
        write_kubeconfig(run.kubeconfig, server)
        there_alone = run.kubeconfig.read_text().replace("context: gone", "context: it")
        run.kubeconfig.write_text(there_alone)
        assert inventory.take().objects == ()
        run.note(namespace="shop-test", guest=True)
        before = inventory.take()
        run.kubeconfig.unlink()
        assert leftovers(before, inventory.take())["objects"] == ("Secret db-params",)


def test_a_volume_is_known_when_nothing_names_it_any_more(
    inventory: Inventory, engine: Engine, tmp_path: Path
) -> None:
    before = inventory.take()
    engine.stays.add(VOLUME)
    (tmp_path / "deleted").touch()
    after = inventory.take()
    assert (after.containers, after.volumes) == ((), (VOLUME,))
    assert leftovers(before, after)["volumes"] == (VOLUME,)


def test_a_network_that_another_cluster_is_in_is_not_the_runs(
    inventory: Inventory, engine: Engine
) -> None:
    assert inventory.take().networks == ("kind",)
    engine.neighbours.add("canary-11-control-plane")
    assert inventory.take().networks == ()


def test_a_network_that_somebody_has_made_since_is_not_the_runs(
    inventory: Inventory, run: Run
) -> None:
    run.note(network_id="network-1")
    assert inventory.take().networks == ("kind",)
    run.note(network_id="network-0")
    assert inventory.take().networks == ()


def test_a_cluster_that_somebody_has_made_since_is_not_the_runs(
    inventory: Inventory, run: Run, engine: Engine
) -> None:
    engine.node_id = "node-2"
    found = inventory.take()
    assert (found.containers, found.volumes) == ((), ())
    engine.mounts = frozenset({"/var", run.record.mount})
    assert inventory.take().containers == (NODE,)


@pytest.mark.parametrize(
    "written",
    [
        b"contexts:\n- context: {}\n",
        b"- a\n",
        b"hello",
        b"\xff\xfe\x00",
        b"contexts: {a: 1}",
        b"clusters:\n- name: x\n  d: 2020-02-31\n",
        b"users: [1, null]",
        b"[" * 2000,
        None,
    ],
    ids=str,
)
def test_a_users_kubeconfig_of_whatever_kind_has_no_entry(
    inventory: Inventory, tmp_path: Path, written: bytes | None
) -> None:
    path = tmp_path / "users-own"
    if written is None:
        path.mkdir()
    else:
        path.write_bytes(written)
    assert inventory.take().contexts == ()


def test_the_runs_commands_are_told_and_no_others(run: Run, engine: Engine) -> None:
    ours, theirs = Processes(), Processes()
    threads = []
    for by, script in ((ours, "echo; sleep 61"), (theirs, "echo; sleep 62")):
        started = threading.Event()

        def start(by: Processes = by, script: str = script, it: threading.Event = started) -> None:
            with pytest.raises(CommandError):
                by.run(["sh", "-c", script], timeout=61, heard=lambda _: it.set())

        threads.append(threading.Thread(target=start))
        threads[-1].start()
        assert started.wait(10)
    found = Inventory(run, engine, ours).take().processes
    for by in (ours, theirs):
        by.kill_all()
    for thread in threads:
        thread.join()
    assert found == ("sh -c 'echo; sleep 61'",)


def test_the_namespaces_objects_are_told_while_it_is_there(
    inventory: Inventory, tmp_path: Path
) -> None:
    namespace = Namespace(tmp_path, tmp_path / "namespace-deleted")
    namespace.put({"kind": "Secret", "metadata": {"name": "db-params"}})
    inventory.namespace = namespace
    assert inventory.take().objects == ("Secret db-params",)
    (tmp_path / "namespace-deleted").touch()
    assert inventory.take().objects == ()


def test_a_job_is_looked_for_where_one_was_made(
    inventory: Inventory, run: Run, tmp_path: Path
) -> None:
    run.note(guest=True, namespace="shop-test")
    namespace = Namespace(tmp_path, tmp_path / "namespace-deleted")
    labels = {RUN_LABEL: run.id}
    namespace.put({"kind": "Job", "metadata": {"name": "migrate", "labels": labels}})
    inventory.namespace = namespace
    assert inventory.take().objects == (), "who runs none may not be allowed to list them"
    run.note_applied("job.batch/migrate")
    assert inventory.take().objects == ("Job migrate",)


def test_of_somebodys_namespace_only_what_is_the_runs_is_told(
    inventory: Inventory, run: Run, tmp_path: Path
) -> None:
    run.note(guest=True, namespace="shop-test")
    namespace = Namespace(tmp_path, tmp_path / "namespace-deleted")
    for name, labels in (("theirs", {}), ("db-params", {RUN_LABEL: run.id})):
        namespace.put({"kind": "Secret", "metadata": {"name": name, "labels": labels}})
    label = {RUN_LABEL: run.id}
    namespace.put({"kind": "Service", "metadata": {"name": "track-shop-canary", "labels": label}})
    inventory.namespace = namespace
    assert inventory.take().objects == ("Service track-shop-canary", "Secret db-params")


@pytest.mark.parametrize(
    ("outlives", "runs", "told"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_of_a_cluster_that_outlives_the_run_nobody_says_that_it_is_gone_while_it_runs(
    inventory: Inventory, run: Run, tmp_path: Path, outlives: bool, runs: bool, told: bool
) -> None:
    namespace = Namespace(tmp_path, tmp_path / "namespace-deleted")
    trouble = UnansweredError("can't look at the namespace")

    def refuse() -> bool:
        raise trouble

    inventory.namespace = namespace
    if outlives:
        run.note(cluster=None, within="1")
        inventory.engine = engine = Engine(NODE, tmp_path / "deleted")
        engine.silent = "" if runs else f"container {NODE} is exited"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(namespace, "exists", refuse)
        if told:
            with pytest.raises(ClusterError, match="can't look"):
                inventory.take()
        else:
            assert inventory.take().objects == ()


def test_what_came_later_is_no_leftover() -> None:
    before = Belongings(containers=("a", "b"), ports=(1,))
    after = Belongings(containers=("b", "c"), images=("x",))
    assert leftovers(before, after) == {"containers": ("b",)}
    assert leftovers(before, Belongings()) == {}


def test_a_registry_of_the_runs_own_is_found_with_what_was_pushed_to_it(
    inventory: Inventory, run: Run, engine: Engine
) -> None:
    pushed = f"127.0.0.1:5000/canary-{run.id}/docker.io/ada/shop:1"
    engine.refs.add(pushed)
    for other in (run.id, "000000"):
        engine.serve(Server(f"registry-{other}", "registry:2", registry_label(other), 5000, 1))
    assert pushed not in inventory.take().images
    run.note(registry=True)
    found = inventory.take()
    assert found.containers == (NODE, f"registry-{run.id}")
    assert pushed in found.images
    # The network has somebody else's in it, and not only the run's.
    assert found.networks == ()
    engine.serving.pop()
    assert inventory.take().networks == ("kind",)
