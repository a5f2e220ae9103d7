"""Walks side by side in one cluster, which an earlier run of this process has made and left.

They know it by its context, as they would somebody else's: one that a walk reuses it has to itself.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import docker
import yaml
from runs import Run, RunError, run

# One of the node ports of a cluster that a walk makes, all of which have a port of this machine.
NODE_PORT = "30009"
RULE = ["PREROUTING", "-p", "tcp", "--dport", NODE_PORT, "-j", "REDIRECT", "--to-ports"]
KUBECTL = ["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--namespace=default"]
# So that no other Service is given the port.
SERVICE = ["service", "nodeport", "registry", "--tcp=5000", f"--node-port={NODE_PORT}"]


@contextmanager
def served(state: Path, image: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    """The options and the environment of a walk in that cluster, with a registry for its images.

    Args:
        state: the user's folder that the run has its records in.
        image: of the registry.

    Raises:
        RunError: there is no such cluster.
    """
    kubeconfig = next(state.glob("pytest-canary/runs/reuse-*/kubeconfig"), None)
    if kubeconfig is None:
        raise RunError("no run has left a cluster")
    context = str(yaml.safe_load(kubeconfig.read_text())["current-context"])
    engine = docker.from_env()
    name = f"{context.removeprefix('kind-')}-control-plane"
    node = engine.containers.get(name)
    (mapped,) = node.ports[f"{NODE_PORT}/tcp"] or []
    port = mapped["HostPort"]
    # In the node's own network, so that both may take it for one of their own machine's, which
    # needs no TLS: this one by the node port, whose connections are led to the registry's.
    registry = engine.containers.run(
        image,
        detach=True,
        network_mode=f"container:{name}",
        environment={"REGISTRY_HTTP_ADDR": f":{port}"},
        labels={"pytest-canary": "benchmark"},
    )
    try:
        _inside(name, *KUBECTL, "create", *SERVICE)
        _inside(name, "iptables", "-t", "nat", "-I", *RULE, port)
        served_at = f"--canary-registry=localhost:{port}=127.0.0.1:{port}"
        yield [f"--canary-context={context}", served_at], {"KUBECONFIG": str(kubeconfig)}
        _inside(name, "iptables", "-t", "nat", "-D", *RULE, port)
        _inside(name, *KUBECTL, "delete", "service", "registry")
    finally:
        registry.remove(force=True, v=True)


def _inside(node: str, *argv: str) -> None:
    """Run a command in the node.

    Raises:
        RunError: it exits with another code than 0.
    """
    words = ["docker", "exec", node, *argv]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"{shlex.join(words)} exits with code {done.returncode}: {done.stderr}")


def run_all(
    argvs: Sequence[Sequence[str]], folder: Path, env: Mapping[str, str]
) -> tuple[Run, float]:
    """Run all of these at the same time.

    Returns:
        The one that took longest, and its seconds.

    Raises:
        RunError: one exits with another code than 0.
    """
    with ThreadPoolExecutor(len(argvs)) as pool:
        done = list(pool.map(lambda argv: run(argv, folder, env), argvs))
    longest = max(done, key=lambda each: each.seconds)
    return longest, longest.seconds
