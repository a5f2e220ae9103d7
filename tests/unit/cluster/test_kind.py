"""A kind cluster's programs and files: found and named, with nothing else changed."""

import json
import os
import platform
from pathlib import Path
from typing import Any

import pytest
import pytest_kind
from fakes.engine import Engine
from fakes.folders import FIXTURES

from pytest_canary.cluster.downloads import KIND, KUBECTL
from pytest_canary.cluster.kind import Cluster
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with neither program, and a cache of its own."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cluster(folder: Path, **options: Any) -> Cluster:
    return Cluster("canary-1", folder, **options)


def test_a_program_that_is_neither_named_nor_on_path_is_the_makers(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cluster(bare_machine)
    assert (made.kind_path, made.kubectl_path) == (KIND.path, KUBECTL.path)
    monkeypatch.setattr(platform, "machine", lambda: "s390x")
    with pytest.raises(ClusterError, match="kind is not on PATH, and none is known for"):
        made.ensure_kind()
    with pytest.raises(ClusterError, match="kubectl is not on PATH, and none is known for"):
        made.ensure_kubectl()
    named = cluster(bare_machine, kind=bare_machine / "kind", kubectl=bare_machine / "kubectl")
    with pytest.raises(
        ClusterError, match=f"kind is to be {bare_machine}/kind, and there is no such"
    ):
        named.ensure_kind()


def test_the_node_has_a_mount_that_tells_whose_it_is(bare_machine: Path) -> None:
    kind = bare_machine / "kind"
    kind.write_text("#!/bin/sh\n")
    kind.chmod(0o755)
    cluster(bare_machine, kind=kind).create(mount="/pytest-canary/1")
    (node,) = json.loads((bare_machine / "kind.yaml").read_text())["nodes"]
    assert node["extraMounts"] == [
        {"hostPath": "/dev/null", "containerPath": "/pytest-canary/1", "readOnly": True}
    ]


def forwarding(bare_machine: Path, script: str) -> Cluster:
    """One whose kubectl is a script."""
    kubectl = bare_machine / "kubectl"
    kubectl.write_text(f"#!/bin/sh\necho $$ >>started\n{script}\n")
    kubectl.chmod(0o755)
    return cluster(bare_machine, kubectl=kubectl)


def test_a_port_is_forwarded_by_one_kubectl_which_ends_with_it(bare_machine: Path) -> None:
    made = forwarding(
        bare_machine,
        'echo "$KUBECONFIG $*" >asked\n'
        'echo "Forwarding from 127.0.0.1:40123 -> 80"\nexec /bin/sleep 600',
    )
    with made.port_forward("service/shop-lb", 80, "--namespace=shop") as port:
        assert port == 40123
        (process,) = map(int, (bare_machine / "started").read_text().split())
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    asked = (bare_machine / "asked").read_text()
    assert asked == f"{bare_machine}/kubeconfig port-forward service/shop-lb :80 --namespace=shop\n"


def test_the_run_knows_of_a_port_that_is_forwarded_and_ends_it(bare_machine: Path) -> None:
    made = forwarding(
        bare_machine, 'echo "Forwarding from 127.0.0.1:40123 -> 80"\nexec /bin/sleep 600'
    )
    ours = made.processes = Processes()
    with made.port_forward("service/shop-lb", 80):
        (process,) = map(int, (bare_machine / "started").read_text().split())
        assert ours.alive() == [f"{bare_machine}/kubectl port-forward service/shop-lb :80"]
        ours.kill_all()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    assert ours.alive() == []


def test_a_port_that_can_not_be_forwarded_is_told(bare_machine: Path) -> None:
    made = forwarding(bare_machine, "echo 'error: services \"shop\" not found' >&2; exit 1")
    with (
        pytest.raises(
            ClusterError, match='service/shop can\'t be forwarded: error: services "shop"'
        ),
        made.port_forward("service/shop", 80),
    ):
        pass


def test_it_has_what_pytest_kinds_own_has_and_makes_no_folder(bare_machine: Path) -> None:
    made = cluster(bare_machine)
    assert not (bare_machine / ".pytest-kind").exists()
    own = pytest_kind.KindCluster("canary-1")
    assert vars(own).keys() <= vars(made).keys()
    assert (made.name, made.platform) == (own.name, own.platform)


def test_kinds_commands_are_the_runs(bare_machine: Path) -> None:
    kind = bare_machine / "kind"
    kind.write_text("#!/bin/sh\necho canary-1 canary-2\necho hunter22 >&2\n")
    kind.chmod(0o755)
    ours = Processes(Redactor(["canary-1"]))
    assert cluster(bare_machine, kind=kind, processes=ours).exists(), "a name is no secret"
    kind.write_text("#!/bin/sh\necho hunter22 >&2; exit 1\n")
    ours.redactor.add("hunter22")
    with pytest.raises(ClusterError, match=r"cluster canary-1: `kind get clusters`") as failure:
        cluster(bare_machine, kind=kind, processes=ours).exists()
    assert failure.value.evidence.splitlines()[-1] == "********"


def test_a_node_port_is_mapped_or_the_service_is_to_blame(bare_machine: Path) -> None:
    engine = Engine("canary-1-control-plane", bare_machine / "deleted")
    with pytest.raises(ClusterError, match="node port 31234 is not mapped to this machine"):
        cluster(bare_machine).host_port(engine, 31234)
    engine.ports.add(41000)
    assert cluster(bare_machine).host_port(engine, 30000) == 41000


def docker(bare_machine: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Cluster:
    """One whose engine's command is a script."""
    program = bare_machine / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(bare_machine))
    return cluster(bare_machine)


def test_a_nodes_connections_are_those_of_its_own_table(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = FIXTURES / "conntrack" / "before.txt"
    made = docker(
        bare_machine,
        monkeypatch,
        f'echo "$@" >asked\nwhile read -r line; do echo "$line"; done <{table}\n'
        "echo 'conntrack v1.4.7 (conntrack-tools): 6 flow entries have been shown.' >&2",
    )
    assert len(made.network.connections(30002)) == 5
    asked = (bare_machine / "asked").read_text()
    node = "canary-1-control-plane"
    assert asked == f"exec --privileged {node} conntrack -L -p tcp --dport 30002\n"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "echo 'exec: \"conntrack\": executable file not found in $PATH' >&2; exit 127",
            "canary-1-control-plane does not list its connections: "
            'exec: "conntrack": executable file not found in $PATH',
        ),
        (
            "exit 1",
            "canary-1-control-plane does not list its connections: "
            "`docker exec` exited with code 1",
        ),
        (
            "echo '<xml>'",
            "`conntrack -L` on the node lists what is no connection: '<xml>'",
        ),
    ],
)
def test_a_node_that_does_not_list_its_connections_is_told(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    with pytest.raises(ClusterError) as failure:
        docker(bare_machine, monkeypatch, script).network.connections(30002)
    assert failure.value.sentence == told


def test_where_a_service_leads_is_what_the_nodes_rules_say(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = FIXTURES / "kube-proxy" / "rules.txt"
    script = f'echo "$@" >asked\nwhile read -r line; do echo "$line"; done <{rules}'
    network = docker(bare_machine, monkeypatch, script).network
    assert network.destinations("canary-d478ae", "db") == {"10.244.0.5:5432"}
    asked = (bare_machine / "asked").read_text()
    assert asked == "exec --privileged canary-1-control-plane iptables-save -t nat\n"


def test_a_node_without_such_rules_tells_nothing(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "echo 'exec: \"iptables-save\": executable file not found in $PATH' >&2; exit 127"
    assert docker(bare_machine, monkeypatch, script).network.destinations("shop", "lb") == set()
