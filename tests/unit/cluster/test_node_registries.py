"""What a node is told of a registry; a folder of this machine in the node's place."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pytest_canary.cluster.node_registries import (
    FOLDER,
    OTHERS,
    forget_registry,
    hosts_file,
    tell_of_registry,
)
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes

PART = "canary-c7f2a1"
HOSTS = "127.0.0.1 localhost\n172.18.0.2 node\n"

# Runs what `docker exec` is to run, in that folder.
DOCKER = """#!/bin/sh
[ -e {root} ] || {{ echo "No such container: node" >&2; exit 1; }}
while [ "$1" != sh ]; do shift; done
shift 2
script=$(printf %s "$1" | sed "s|/etc/|{root}/etc/|g")
shift
[ "$1" = sh ] && shift
[ $# -gt 0 ] && case $1 in /*) first={root}$1; shift; set -- "$first" "$@" ;; esac
exec sh -c "$script" sh "$@"
"""


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node whose containerd is as kind's."""
    root = tmp_path / "node"
    (root / "etc" / "containerd").mkdir(parents=True)
    (root / "etc" / "containerd" / "config.toml").write_text(
        f'version = 2\n[plugins]\n  config_path = "{root}{FOLDER}"\n'
    )
    (root / "etc" / "hosts").write_text(HOSTS)
    docker = tmp_path / "docker"
    docker.write_text(DOCKER.format(root=root))
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return root


def tell(places: dict[str, str]) -> None:
    server = f"{PART}-registry.svc:5000"
    tell_of_registry(Processes(), "node", "PEM", server, "172.18.0.9", PART, places)


def files(node: Path) -> set[str]:
    folder = node / FOLDER.lstrip("/")
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_a_host_is_looked_for_in_its_place_and_nowhere_else() -> None:
    found = tomllib.loads(hosts_file("registry.svc:5000", PART, f"{PART}/docker.io"))
    place = f"https://registry.svc:5000/v2/{PART}/docker.io"
    how = {
        "capabilities": ["pull", "resolve"],
        "ca": f"{FOLDER}/_default/{PART}.crt",
        "override_path": True,
    }
    assert found == {"server": place, **how, "host": {place: how}}


def test_a_node_is_told_and_forgets(node: Path) -> None:
    tell({OTHERS: f"{PART}/nowhere", "gcr.io": f"{PART}/gcr.io"})
    mine = {"_default/hosts.toml", f"_default/{PART}.crt", "gcr.io/hosts.toml"}
    assert files(node) == mine
    hosts = node / "etc" / "hosts"
    assert hosts.read_text() == f"{HOSTS}172.18.0.9 {PART}-registry.svc\n"
    theirs = node / FOLDER.lstrip("/") / "theirs.invalid"
    theirs.mkdir()
    (theirs / "hosts.toml").write_text('server = "https://theirs.invalid"\n')
    forget_registry(Processes(), "node", "canary-0")
    assert files(node) == {*mine, "theirs.invalid/hosts.toml"}
    forget_registry(Processes(), "node", PART)
    assert files(node) == {"theirs.invalid/hosts.toml"}
    assert hosts.read_text() == HOSTS


def test_a_node_that_looks_nowhere_is_told_with_what_to_do(node: Path) -> None:
    (node / "etc" / "containerd" / "config.toml").write_text("version = 2\n")
    with pytest.raises(ClusterError) as failure:
        tell({})
    assert failure.value.sentence == (
        "the containerd of node node reads no /etc/containerd/certs.d, so it can't be told of the "
        "run's registry; take a node image of kind v0.27 or newer with --kind-image, or leave "
        "pipeline.registry out"
    )


def test_a_node_that_is_gone_is_told(node: Path) -> None:
    node.rename(node.with_name("gone"))
    with pytest.raises(ClusterError) as failure:
        tell({})
    assert failure.value.sentence == (
        "node node can't be told of the run's registry: `docker exec node` exited with code 1"
    )
    assert "No such container" in failure.value.evidence
    with pytest.raises(CommandError):
        forget_registry(Processes(), "node", PART)
