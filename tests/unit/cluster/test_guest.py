"""A namespace that was there before the run: a real HTTP API, and a script as kubectl."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.api_server import ApiServer, write_kubeconfig
from fakes.clock import Clock

from pytest_canary.cluster.guest import expect_room, own_deployments, own_objects, remove_own
from pytest_canary.cluster.record import Record
from pytest_canary.cluster.run import RUN_LABEL
from pytest_canary.core.errors import ClusterError, WaitTimeoutError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.k8s.namespace import Namespace

THERE = "/api/v1/namespaces/shop-test"


def item(name: str, run: str = "", **labels: str) -> dict[str, Any]:
    marked = labels | ({RUN_LABEL: run} if run else {})
    return {"metadata": {"name": name, "labels": marked}}


def pod(deployment: str) -> dict[str, Any]:
    made = item(f"{deployment}-1-a", **{"pod-template-hash": "1"})
    made["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": f"{deployment}-1"}]
    return made


@pytest.fixture
def api_server(api_server: ApiServer) -> ApiServer:
    api_server.answers |= {
        f"GET {THERE}": (200, item("shop-test")),
        f"GET {THERE}/serviceaccounts": (200, {"items": [item("default")]}),
    }
    return api_server


@pytest.fixture
def owner(api_server: ApiServer, tmp_path: Path) -> Namespace:
    path = tmp_path / "kubeconfig"
    write_kubeconfig(path, api_server)
    document = yaml.safe_load(path.read_text()) | {"current-context": "it"}
    path.write_text(yaml.safe_dump(document))
    return Namespace(path, "shop-test")


def kubectl(folder: Path, does: str = "") -> Path:
    program = folder / "kubectl"
    program.write_text(f'#!/bin/sh\necho "$*" >>{folder}/asked\n{does}\n')
    program.chmod(0o755)
    return program


def asked(folder: Path) -> list[str]:
    lines = (folder / "asked").read_text().splitlines()
    where = f"--kubeconfig={folder}/kubeconfig --namespace=shop-test "
    assert all(line.startswith(where) for line in lines)
    return [line.removeprefix(where) for line in lines]


NAMES = ["Deployment.v1.apps/shop-stable", "Service/shop-lb"]


def test_a_namespace_with_nothing_in_the_way_is_taken(owner: Namespace, tmp_path: Path) -> None:
    expect_room(owner, NAMES, kubectl(tmp_path), Processes())
    assert asked(tmp_path) == [f"get --ignore-not-found -o=name {' '.join(NAMES)}"]


def test_a_namespace_that_holds_the_same_names_is_refused(owner: Namespace, tmp_path: Path) -> None:
    with pytest.raises(ClusterError) as failure:
        expect_room(owner, NAMES, kubectl(tmp_path, "echo service/shop-lb"), Processes())
    assert failure.value.sentence == (
        "namespace shop-test has service/shop-lb, which the walk would change; name another "
        "--canary-namespace, or leave it out"
    )


def test_a_namespace_that_holds_another_run_is_refused(
    api_server: ApiServer, owner: Namespace, tmp_path: Path
) -> None:
    accounts = [item("default"), item("pytest-canary", "d5f069")]
    api_server.answers[f"GET {THERE}/serviceaccounts"] = (200, {"items": accounts})
    with pytest.raises(ClusterError) as failure:
        expect_room(owner, NAMES, kubectl(tmp_path), Processes())
    assert failure.value.sentence == (
        "run d5f069 is in namespace shop-test, or has left things there; wait for it, or remove "
        "them with pytest --canary-reap where it ran"
    )


def test_a_namespace_that_is_not_there_is_told(
    api_server: ApiServer, owner: Namespace, tmp_path: Path
) -> None:
    del api_server.answers[f"GET {THERE}"]
    with pytest.raises(ClusterError, match="there is no namespace shop-test; make it, or leave"):
        expect_room(owner, NAMES, kubectl(tmp_path), Processes())


def test_only_what_is_the_runs_is_its_own() -> None:
    record = Record("a1b2c3", "/shop", applied=["deployment.apps/shop-canary", "service/shop-lb"])
    deployments = [item("db", "a1b2c3"), item("theirs"), item("another", "d5f069")]
    own = own_deployments(deployments, record)
    assert own == {"db", "shop-canary"}
    pods = [pod("db"), pod("shop-canary"), pod("theirs"), item("scratch", "a1b2c3"), item("x")]
    names = [each["metadata"]["name"] for each in own_objects(pods, record, own)]
    assert names == ["db-1-a", "shop-canary-1-a", "scratch"]


@pytest.mark.parametrize("goes", [True, False])
def test_what_is_the_runs_is_removed_and_the_namespace_stays(
    api_server: ApiServer, owner: Namespace, tmp_path: Path, goes: bool
) -> None:
    pods = iter([[pod("shop-stable"), pod("theirs")]])
    still = [pod("theirs")] if goes else [pod("theirs"), pod("shop-stable")]
    api_server.answers |= {
        f"GET {THERE}/pods": lambda _: (200, {"items": next(pods, still)}),
        "GET /apis/apps/v1/namespaces/shop-test/deployments": (
            200,
            {"items": [item("shop-stable", "a1b2c3"), item("theirs")]},
        ),
    }
    program = str(kubectl(tmp_path))
    record = Record(
        "a1b2c3", "/shop", guest=True, applied=["ingress.networking.k8s.io/shop"], kubectl=program
    )
    waiter = Waiter(Clock())
    if goes:
        remove_own(owner, record, Processes(), waiter)
    else:
        with pytest.raises(WaitTimeoutError, match="there is still shop-stable-1-a"):
            remove_own(owner, record, Processes(), waiter)
    kinds = "ingress.networking.k8s.io,deployment,service,secret,pod,rolebinding,role"
    assert asked(tmp_path) == [
        f"delete {kinds},serviceaccount --selector=pytest-canary/run=a1b2c3 --ignore-not-found "
        "--wait=false"
    ]
    deleted = [each.split("?")[0] for each in api_server.asked if each.startswith("DELETE")]
    assert deleted == [f"DELETE {THERE}/pods/shop-stable-1-a"], "and no namespace"
