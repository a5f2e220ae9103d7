"""Walks side by side in one cluster, which an earlier run of this process has made and left.

They know it by its context, as they would somebody else's: one that a walk reuses it has to itself.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
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
        RunError: there is no such cluster, or no registry in it.
    """
    kubeconfig = next(state.glob("pytest-canary/runs/reuse-*/kubeconfig"), None)
    if kubeconfig is None:
        raise RunError("no run has left a cluster")
    context = str(yaml.safe_load(kubeconfig.read_text())["current-context"])
    name = f"{context.removeprefix('kind-')}-control-plane"
    with registry_in(name, image) as port:
        served_at = f"--canary-registry=localhost:{port}=127.0.0.1:{port}"
        yield [f"--canary-context={context}", served_at], {"KUBECONFIG": str(kubeconfig)}


@contextmanager
def registry_in(name: str, image: str) -> Iterator[str]:
    """A registry in a node's own network, at one port for both; removed in the end.

    It is one of their own machine's for either, of which nobody asks for TLS: localhost for this
    one, which gets there by a node port whose connections are led to it, 127.0.0.1 for the node.

    Args:
        name: the node's.
        image: of the registry.

    Raises:
        RunError: there is none.
    """
    with ExitStack() as made:
        try:
            port = _serve(name, image, made)
        except docker.errors.DockerException as error:
            raise RunError(f"there is no registry of {image} in {name}: {error}") from error
        yield port


def _serve(name: str, image: str, made: ExitStack) -> str:
    engine = docker.from_env()
    made.callback(engine.close)
    mapped = engine.containers.get(name).ports.get(f"{NODE_PORT}/tcp")
    if not mapped:
        raise RunError(f"node port {NODE_PORT} of {name} has no port of this machine")
    port = str(mapped[0]["HostPort"])
    registry = engine.containers.create(
        image,
        network_mode=f"container:{name}",
        environment={"REGISTRY_HTTP_ADDR": f":{port}"},
        labels={"pytest-canary": "test"},
    )
    made.callback(registry.remove, force=True, v=True)
    registry.start()
    _inside(name, *KUBECTL, "create", *SERVICE)
    made.callback(_inside, name, *KUBECTL, "delete", "service", "registry")
    _inside(name, "iptables", "-t", "nat", "-I", *RULE, port)
    made.callback(_inside, name, "iptables", "-t", "nat", "-D", *RULE, port)
    return port


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
    processes: list[subprocess.Popen[str]] = []
    with ThreadPoolExecutor(len(argvs)) as pool:
        runs = [pool.submit(run, argv, folder, env, processes.append) for argv in argvs]
        try:
            done = [each.result() for each in runs]
        except BaseException:
            # They remove what they made, which the end of the block waits for.
            for process in processes:
                process.terminate()
            raise
    longest = max(done, key=lambda each: each.seconds)
    return longest, longest.seconds
