"""Projects to rehearse, and pytest run on them as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from acceptance.homes import RUNS, nodes_beside

Ailing = Callable[[str, str], str]
"""Builds a release, "1" or "2", with an ailment of fixtures/canaries/, and names its image."""

KUBECONFIG = "apiVersion: v1\nkind: Config\ncurrent-context: mine\n"


def needed(variable: str) -> str:
    """What make's set-up says."""
    value = os.environ.get(variable)
    if value is None:
        pytest.fail(f"{variable} is not set; run the acceptance tests with `make acceptance`")
    return value


@dataclass
class Walked:
    """One finished run of pytest."""

    code: int
    text: str

    def stage(self, name: str) -> str:
        """The line that ends a stage; progress may have broken it before."""
        lines = [line for line in self.text.splitlines() if line.startswith(f"canary/{name} ")]
        return lines[-1]


@dataclass
class Project:
    """A project folder, and the machine as its user has it."""

    root: Path
    environment: dict[str, str]
    others: frozenset[str]

    def command(self, *args: str) -> list[str]:
        """pytest with a node image where kind has none of its own."""
        image = needed("NODE_IMAGE")
        node = [f"--kind-image={image}"] if image else []
        node = [] if any(arg.startswith("--canary-context") for arg in args) else node
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *node, *args]

    def pytest(self, *args: str, timeout: float = 600) -> Walked:
        """Run pytest in the project to its end."""
        done = subprocess.run(
            self.command(*args),
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
        text = done.stdout.decode()
        print(text)
        assert "the report can't be made" not in text
        return Walked(done.returncode, text)

    def write(self, name: str, text: str) -> None:
        """Write one of the project's files."""
        (self.root / name).write_text(text)

    @property
    def evidence(self) -> Path:
        """What the last run has kept of its first failure."""
        report = self.root / "canary-report"
        run = str(json.loads((report / "report.json").read_text())["run"])
        return report / "findings" / run / "1"

    @property
    def home(self) -> Path:
        """The user's; beside it are those of the session's other projects."""
        return Path(self.environment["XDG_STATE_HOME"]).parent

    def nodes(self, engine: docker.DockerClient) -> frozenset[str]:
        """The names of the kind nodes that came since it was made, but for other sessions'."""
        # A node is noted for as long as it is there; a note may come or go meanwhile.
        beside = nodes_beside(self.home.parent)
        there = nodes(engine)
        return there - self.others - beside - nodes_beside(self.home.parent)

    @property
    def runs(self) -> list[Path]:
        """What runs have left of their folders."""
        folder = self.home / RUNS
        return sorted(folder.iterdir()) if folder.is_dir() else []


# Seconds that a verdict may take: on a machine that others use too, more requests are needed to
# tell their noise from a worse canary.
PATIENCE = 80


def addressbook_settings(**more: str) -> str:
    """The bundled project's canary.toml, with tables added."""
    tables = {
        "image": f'build-args = {{ BASE = "{needed("PYTHON_IMAGE")}", RELEASE = "2" }}',
        "commands": 'ping = ["python", "-m", "addressbook", "ping"]\n'
        'migrate = ["python", "-m", "addressbook", "migrate"]\n'
        'down = ["python", "-m", "addressbook", "downgrade", "0001"]',
        "api": 'bounded-read = { method = "GET", path = "/person/1" }',
        "database": f'image = "{needed("POSTGRES_IMAGE")}"',
        "verdict": f"seconds = {PATIENCE}",
        **more,
    }
    return "".join(f"[{name}]\n{lines}\n" for name, lines in tables.items())


def addressbook_tables() -> dict[str, Any]:
    """The settings of the bundled project where its images are given, and it has no way down."""
    return {
        "commands": {
            "ping": ["python", "-m", "addressbook", "ping"],
            "migrate": ["python", "-m", "addressbook", "migrate"],
        },
        "database": {"image": needed("POSTGRES_IMAGE")},
    }


def nodes(engine: docker.DockerClient) -> frozenset[str]:
    """The names of the kind nodes that there are."""
    found = engine.containers.list(
        all=True, filters={"label": "io.x-k8s.kind.cluster"}, ignore_removed=True
    )
    return frozenset(str(container.name) for container in found)


def node_of(engine: docker.DockerClient, project: Project) -> str:
    """The node of the one cluster that a project's runs have made."""
    (node,) = project.nodes(engine)
    return node


def left(engine: docker.DockerClient, project: Project, *, beside: str = "") -> dict[str, Any]:
    """What runs of a project have left on the machine.

    Args:
        beside: the node of the cluster that its runs share; that and its record may stay, and
            nothing in it.
    """
    cluster = beside.removeprefix("canary-").removesuffix("-control-plane")
    return {
        "containers": sorted(project.nodes(engine) - {beside}),
        "namespaces": namespaces(engine, beside) if beside else [],
        "runs": [path.name for path in project.runs if path.name != cluster],
        "pytest-kind": (project.root / ".pytest-kind").exists(),
        "kubeconfig": (project.home / "kubeconfig").read_text() != KUBECONFIG,
    }


def namespaces(engine: docker.DockerClient, node: str) -> list[str]:
    """The namespaces of runs in a cluster."""
    admin = "--kubeconfig=/etc/kubernetes/admin.conf"
    told = inside(engine, node, "kubectl", admin, "get", "namespaces", "-o", "name")
    names = [line.removeprefix("namespace/") for line in told.split()]
    return [name for name in names if name.startswith("canary-")]


def inside(engine: docker.DockerClient, node: str, *words: str) -> str:
    """Run a command on a node, and return its output."""
    code, output = engine.containers.get(node).exec_run(list(words), privileged=True)
    assert isinstance(output, bytes)
    assert code == 0, output.decode()
    return output.decode()


NOTHING: dict[str, Any] = {
    "containers": [],
    "namespaces": [],
    "runs": [],
    "pytest-kind": False,
    "kubeconfig": False,
}
